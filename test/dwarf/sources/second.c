#include "include/shapes.h"

u32 elsewhere = 3;
_Bool flags[8];
const char *const greeting = "hello";

__attribute__((noinline)) u32 shared(u32 value) {
  return twice(value) + elsewhere;
}

__attribute__((section("tracepoint/second"))) int second(void *context) {
  return shared((u32)(u64)context) + flags[1];
}
