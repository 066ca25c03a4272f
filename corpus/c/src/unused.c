/* What optimisation leaves without code or address: unused statics, folded constants, dead parameters, whole functions. */
#include "bpf.h"

struct only_in_dead_code {
  u32 a;
};

static int never_written = 4;
static const u32 folded = 7;
static u32 only_written;
static int unused_static;
static const struct only_in_dead_code folded_struct = {5};

static NOINLINE int constant(int a, const struct only_in_dead_code *b) { return a + b->a; }

static inline int dead(struct only_in_dead_code *c) { return c->a; }

static NOINLINE int no_result(u32 value) {
  only_written = value;
  return 3;
}

SEC("socket")
int unused(void *context) {
  struct only_in_dead_code local = {2};
  if (folded == 8) return dead(&local) + unused_static;
  no_result(get_prandom_u32());
  return constant(never_written, &folded_struct) + folded + dead(&local);
}

char license_text[] SEC("license") = "GPL";
