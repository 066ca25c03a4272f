/* Types that C has and BTF spells in its own way: vectors, aligned and packed typedefs, a pointer into data. */
#include "bpf.h"

typedef int four_t __attribute__((vector_size(16)));
typedef u64 spread_t __attribute__((aligned(64)));
typedef int wchar_local_t;

struct mixed {
  four_t four;
  spread_t spread;
  wchar_local_t wide[2];
  u8 tail;
};

four_t vector = {1, 2, 3, 4};
spread_t spread = 5;
struct mixed mixed;
volatile spread_t *const pointer = &spread;

SEC("socket")
int vectors(void *context) {
  mixed.spread += spread;
  mixed.tail += ((volatile int *)&vector)[1];
  return mixed.wide[1] + (int)*pointer;
}

char license_text[] SEC("license") = "GPL";
