/* What optimisation takes: parameters that are constant or unused, functions cloned or merged, results that nobody reads, dead statics. */
#include "more.h"

static u64 never_read;
static u64 written_once = 5;
u64 kept;

static NOINLINE int with_constant(int value, int always_seven, struct __sk_buff *unused) {
  kept += value;
  return value * always_seven;
}

static NOINLINE int same_as_other(int value) {
  kept++;
  return value ^ 0x55;
}

static NOINLINE int same_as_this(int value) {
  kept++;
  return value ^ 0x55;
}

static NOINLINE u64 result_unused(u64 value) {
  never_read = value;
  kept ^= value;
  return value + 1;
}

static int called_once(int value) { return value > (int)written_once ? value : -value; }

static int recursive_at_compile_time(int depth) { return depth == 0 ? 1 : depth * recursive_at_compile_time(depth - 1); }

static int never_called(int value) { return value + (int)never_read; }

SEC("tc")
int optimised_away(struct __sk_buff *skb) {
  int mark = skb->mark;
  result_unused(mark);
  if (0) never_called(mark);
  return with_constant(mark, 7, skb) + with_constant(mark + 1, 7, NULL) + same_as_other(mark) + same_as_this(mark) +
         called_once(mark) + recursive_at_compile_time(5);
}

char license_text[] SEC("license") = "GPL";
