/* Global functions that an freplace program may replace: typed context, plain numbers, pointers to memory, arrays by pointer. */
#include "more.h"

struct policy {
  u32 limit;
  u8 weights[4];
};

struct policy policy = {.limit = 64, .weights = {1, 2, 3, 4}};

NOINLINE int verdict(struct xdp_md *xdp) {
  u32 length = xdp->data_end - xdp->data;
  OPAQUE(length);
  return length > policy.limit ? 2 : 1;
}

NOINLINE int of_numbers(u8 narrow, s64 wide, _Bool flag) {
  OPAQUE(wide);
  return flag ? (int)wide + narrow : 0;
}

NOINLINE int of_memory(const struct policy *with) { return with ? with->weights[1] : -1; }

NOINLINE int of_array(int (*numbers)[4]) { return numbers ? (*numbers)[3] : -2; }

NOINLINE int of_pointer_to_number(u64 *counter) {
  if (!counter) return 0;
  *counter += 2;
  return 1;
}

WEAK NOINLINE int by_default(u32 value) {
  OPAQUE(value);
  return value;
}

SEC("xdp")
int replaceable(struct xdp_md *xdp) {
  int numbers[4] = {1, 2, 3, get_prandom_u32()};
  u64 counter = 1;
  int sum = of_numbers(xdp->rx_queue_index, counter, 1) + of_memory(&policy) + of_array(&numbers);
  return sum + of_pointer_to_number(&counter) + by_default(sum) > 0 ? verdict(xdp) : 2;
}

char license_text[] SEC("license") = "GPL";
