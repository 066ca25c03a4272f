/* Loops of C: bounded, unrolled, nested with labels; bpf_loop with callbacks that call static functions and start further loops. */
#include "more.h"

struct state {
  u32 rounds;
  u64 hash;
  u8 window[8];
};

static u64 mixed(u64 hash, u8 byte) { return (hash ^ byte) * 0x100000001b3ULL; }

static long each_inner(u32 index, void *context) {
  struct state *state = context;
  state->hash = mixed(state->hash, index);
  return state->hash & 1;
}

static long each_outer(u32 index, void *context) {
  struct state *state = context;
  if (state->rounds++ > 8) return 1;
  loop(4, each_inner, state, 0);
  return 0;
}

u64 results[4];

SEC("tc")
int bounded_loops(struct __sk_buff *skb) {
  struct state state = {.hash = 0xcbf29ce484222325ULL};
#pragma unroll
  for (int i = 0; i < 8; i++) state.window[i] = skb->mark >> i;
#pragma clang loop unroll(disable)
  for (u32 i = 0; i < 100; i++) {
    if (i == (skb->len & 127)) goto found;
    for (u32 j = i; j < i + 2; j++) state.hash = mixed(state.hash, state.window[j & 7]);
  }
  return 0;
found:
  loop(16, each_outer, &state, 0);
  u32 left = skb->hash & 15;
  do {
    results[left & 3] += state.hash;
  } while (left-- != 0 && left < 16);
  return state.rounds;
}

char license_text[] SEC("license") = "GPL";
