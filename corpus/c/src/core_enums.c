/* CO-RE kinds 10 and 11: existence and value of enumerators, of 32 and 64 bits, of a typedef, of none. */
#include "bpf.h"
#include "core.h"

enum bpf_map_type { BPF_MAP_TYPE_HASH = 1000, BPF_MAP_TYPE_RINGBUF = 2000, BPF_MAP_TYPE_IMAGINARY = 3000 };
enum bpf_map_type___flavour { BPF_MAP_TYPE_ARENA = 1 };
enum no_such_enum { NO_SUCH_VALUE = -1 };
enum no_such_wide { NO_SUCH_WIDE = 0x100000000LL };
typedef enum { LOCAL_FIRST = 1 } local_t;

u64 values[4];
u32 there;

SEC("socket")
int core_enums(void *context) {
  values[0] = ENUM_VALUE(enum bpf_map_type, BPF_MAP_TYPE_HASH);
  values[1] = ENUM_VALUE(enum bpf_map_type, BPF_MAP_TYPE_RINGBUF);
  there = VALUE_EXISTS(enum bpf_map_type, BPF_MAP_TYPE_IMAGINARY);
  there += VALUE_EXISTS(enum bpf_map_type___flavour, BPF_MAP_TYPE_ARENA) * 2;
  there += VALUE_EXISTS(enum no_such_enum, NO_SUCH_VALUE) * 4;
  there += VALUE_EXISTS(enum no_such_wide, NO_SUCH_WIDE) * 8 + VALUE_EXISTS(local_t, LOCAL_FIRST) * 16;
  if (VALUE_EXISTS(enum no_such_wide, NO_SUCH_WIDE)) values[2] = ENUM_VALUE(enum no_such_wide, NO_SUCH_WIDE);
  return 0;
}

char license_text[] SEC("license") = "GPL";
