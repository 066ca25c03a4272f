/* A static function with more parameters than registers: those that are not used go before code is made. */
#include "bpf.h"

struct options {
  u32 depth, width;
};

static NOINLINE int seven(int a, u8 unused_b, int c, const char *unused_d, struct options *options, u64 unused_f, int g) {
  return a + c * 2 + options->depth + g;
}

static NOINLINE int constant(int a, int b, int c, int d, int e, int always_six) {
  return (a ^ b) + (c ^ d) + e * always_six;
}

SEC("socket")
int many_arguments(void *context) {
  struct options options = {get_prandom_u32(), 1};
  int result = seven(1, 2, 3, "d", &options, 5, options.depth);
  return constant(result, result + 1, result >> 1, options.width, 5, 6) + seven(7, 6, 5, "4", &options, 3, 2);
}

char license_text[] SEC("license") = "GPL";
