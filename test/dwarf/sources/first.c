#include "include/shapes.h"

struct definition {
  int (*type)[1];
  int (*max_entries)[1024];
  u32 *key;
  struct bits *value;
};

struct definition numbers __attribute__((section(".maps"), used)) tag("a map");
static volatile const enum small constant = SMALL_FIVE;
enum large big = LARGE;
u32 counter;
static u32 table[4][3];
extern u32 elsewhere;
extern u32 shared(u32 value);
__attribute__((weak)) u64 soft;

__attribute__((noinline)) static u32 helper(u32 index, const struct bits *restrict from) {
  return twice(index) + from->middle + table[index & 3][1];
}

__attribute__((section("tracepoint/first"))) int first(void *context) {
  struct bits local = {.high = (u64)context, .middle = 7};
  table[1][2] = counter;
  soft += big;
  return helper(constant, &local) + elsewhere + shared(counter);
}

char _license[] __attribute__((section("license"))) = "GPL";
