/* Macros: several statements on one line, statement expressions, pasted names, functions made by a macro; all at the line of their use. */
#include "more.h"

#define FOR_EACH_KIND(DO) DO(read, 1) DO(write, 2) DO(flush, 4)

#define MEMBER(name, bit) u64 name##s; u32 name##_errors : bit + 1;
struct statistics { FOR_EACH_KIND(MEMBER) };

#define VALUE(name, bit) KIND_##name = bit,
enum kind { FOR_EACH_KIND(VALUE) };

struct statistics statistics;

#define COUNTER(name, bit) \
  static NOINLINE u64 count_##name(u64 amount) { statistics.name##s += amount; return statistics.name##s & bit; }
FOR_EACH_KIND(COUNTER)

#define CLAMP(value, low, high) ({ __typeof__(value) clamped = (value); clamped < (low) ? (low) : clamped > (high) ? (high) : clamped; })
#define SWAP(a, b) do { __typeof__(a) swapped = (a); (a) = (b); (b) = swapped; } while (0)

SEC("tc")
int macros(struct __sk_buff *skb) {
  u32 low = CLAMP(skb->mark, 3u, 9u), high = CLAMP(skb->len, 64u, 1500u);
  if (low & 1) SWAP(low, high); else low++;
  switch (low) { case KIND_read: return count_read(high); case KIND_write: return count_write(high); default: return count_flush(low) + CLAMP((int)high, -1, 1); }
}

char license_text[] SEC("license") = "GPL";
