/* Functions with attributes that change no type: cold, pure, const, flatten, small size, unoptimised. */
#include "more.h"

u64 rare, often;

static NOINLINE __attribute__((cold)) int complain(u32 code) {
  rare += code;
  return 1;
}

static NOINLINE __attribute__((pure)) u32 looked_up(const u32 *table, u32 at) { return table[at & 3]; }

static NOINLINE __attribute__((const)) u32 computed(u32 value) { return value * value; }

static inline u32 step(u32 value) { return value ^ value >> 3; }

static NOINLINE __attribute__((flatten)) u32 steps(u32 value) { return step(step(step(value))); }

static NOINLINE __attribute__((minsize)) u32 small(u32 value) { return value / 10; }

static __attribute__((optnone, noinline)) u32 as_written(u32 value) {
  u32 copy = value, more = copy + 1;
  return copy + more;
}

u32 table[4] = {1, 2, 3, 4};

SEC("socket")
int attributes(struct __sk_buff *skb) {
  u32 value = skb->len;
  if (__builtin_expect(value == 0, 0)) return complain(value);
  often++;
  return looked_up(table, value) + computed(value) + steps(value) + small(value) + as_written(value);
}

char license_text[] SEC("license") = "GPL";
