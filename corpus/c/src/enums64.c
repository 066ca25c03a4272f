/* ENUM64: values beyond 32 bits, unsigned and signed; an enum with a fixed underlying type. */
#include "bpf.h"

enum wide { WIDE_ZERO, WIDE_TOP = 0x123456789abcdefULL };
enum wide_signed { FAR_DOWN = -0x100000000LL, FAR_UP = 0x100000000LL };
enum full { FULL = 0xffffffffffffffffULL };
enum based : u64 { BASED_LOW = 1, BASED_HIGH };
enum narrow : u16 { NARROW = 0xfff0 };

struct wides {
  enum wide wide;
  enum wide_signed wide_signed;
  enum full full[2];
  enum based based;
  enum narrow narrow;
};

struct wides wides = {WIDE_TOP, FAR_DOWN};
const volatile enum wide_signed bound = FAR_UP;

SEC("socket")
int enums64(void *context) {
  wides.wide = WIDE_ZERO;
  wides.based = BASED_HIGH;
  wides.narrow = NARROW;
  return wides.full[1] == FULL || wides.wide_signed > bound;
}

char license_text[] SEC("license") = "GPL";
