/* A defect that C can have: a global of no size, for which the kernel refuses all of the BTF. */
#include "bpf.h"

struct nothing {};

u32 before = 1;
u32 none[0];
struct nothing nothing;
u32 after[2];

SEC("socket")
int empty_global(void *context) {
  after[1] += before;
  return 0;
}

char license_text[] SEC("license") = "GPL";
