/* Data in sections of one's own of all three kinds, statics and functions' statics among them, two names that differ in one letter. */
#include "more.h"

struct pair {
  u64 a, b;
};

const volatile u32 first_limit SEC(".rodata.limits") = 5;
static const volatile u32 second_limit SEC(".rodata.limits") = 6;
const struct pair fixed SEC(".rodata.fixed") = {1, 2};
struct pair counts SEC(".bss.counts");
static struct pair hidden_counts SEC(".bss.counts");
u32 state SEC(".data.state") = 1;
static u32 states[2] SEC(".data.states") = {1, 2};
u32 late SEC(".data.late");
char padded[3] SEC(".data.state") = "ab";

SEC("socket")
int custom_data(struct __sk_buff *skb) {
  static u64 calls SEC(".data.calls") = 1;
  static u64 more_calls SEC(".bss.calls");
  u32 at = skb->mark & 1;
  counts.a += first_limit + fixed.b;
  hidden_counts.b += second_limit + calls++;
  states[at] += state++;
  more_calls += late + padded[at];
  return states[at] + (int)hidden_counts.b + (int)more_calls;
}

char license_text[] SEC("license") = "GPL";
