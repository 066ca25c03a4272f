/* Code that must not be reached: __builtin_unreachable and __builtin_trap, which call __bpf_trap, in several functions. */
#include "bpf.h"

enum state { IDLE, BUSY };

u32 state;

static NOINLINE int checked(u32 number) {
  switch (number & 3) {
    case 0:
      return 1;
    case 1:
      return get_prandom_u32();
    case 2:
      return 3;
  }
  return 4;
}

static NOINLINE int endless(enum state now) {
  if (now == BUSY) return 1;
  if (now == IDLE) return 2;
  __builtin_trap();
}

SEC("socket")
int traps(void *context) {
  u32 bit = state;
  /* The verifier sees that the trap is out of reach, the compiler does not. */
  asm volatile("%0 &= 1" : "+r"(bit));
  int result = checked(state) + endless((enum state)bit);
  if (result > 1000) __builtin_unreachable();
  return result;
}

SEC("tc")
int falls_through(void *skb) {
  if (state > 5) return 0;
  __builtin_unreachable();
}

char license_text[] SEC("license") = "GPL";
