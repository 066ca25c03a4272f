/* Loops by an open-coded iterator, whose state is a struct on the stack that kfuncs open, advance and close; a cleanup attribute. */
#include "more.h"

struct bpf_iter_num {
  u64 opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) KSYM WEAK;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) KSYM WEAK;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) KSYM WEAK;

#define REPEAT(index, from, to)                                                                         \
  for (struct bpf_iter_num state __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),            \
       *started __attribute__((unused)) = (bpf_iter_num_new(&state, from, to), &state);                 \
       ({ int *next = bpf_iter_num_next(&state); index = next ? *next : 0; next != NULL; });)

u32 table[16];
u64 sum;

SEC("raw_tp/sys_enter")
int open_iteration(void *context) {
  int i, j;
  REPEAT(i, 0, 16) { sum += table[i & 15]; }
  REPEAT(i, 1, 4) {
    REPEAT(j, 0, 3) { table[(i * j) & 15]++; }
    if (sum > 1000) break;
  }
  return 0;
}

char license_text[] SEC("license") = "GPL";
