/* Visibility and binding: hidden and weak functions and variables, weak maps, hidden and static ones of one name in another case. */
#include "more.h"

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 1);
  OF_TYPE(key, u32);
  OF_TYPE(value, u64);
} weak_map SEC(".maps") WEAK;

HIDDEN u64 hidden_total = 5;
HIDDEN u32 hidden_table[4];
WEAK u64 weak_total;
WEAK const volatile u32 weak_limit = 10;
static u64 Hidden_total;
u64 visible __attribute__((visibility("protected")));

HIDDEN NOINLINE u64 hidden_function(u64 value) {
  hidden_total += value;
  return hidden_total;
}

WEAK NOINLINE int weak_function(u32 value) {
  weak_total += value;
  return weak_total > weak_limit;
}

HIDDEN WEAK NOINLINE int hidden_and_weak(u32 value) {
  hidden_table[value & 3]++;
  return value & 1;
}

__attribute__((visibility("protected"))) NOINLINE int visible_function(u32 value) {
  visible ^= value;
  return 1;
}

SEC("socket")
int hidden_symbols(struct __sk_buff *skb) {
  u32 key = 0;
  u64 *value = map_lookup(&weak_map, &key);
  Hidden_total += value ? *value : 1;
  return hidden_function(Hidden_total) + weak_function(skb->len) + hidden_and_weak(skb->mark) + visible_function(skb->hash);
}

char license_text[] SEC("license") = "GPL";
