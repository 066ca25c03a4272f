/* Numbers beyond the usual: 128 bits, bool, char of three kinds, long against long long, float and double in constants and members. */
#include "more.h"

typedef __int128 s128;
typedef unsigned __int128 u128;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __UINT_FAST16_TYPE__ fast_t;

struct sample {
  double mean;
  float parts[2];
  u128 sum;
  s128 difference;
  char plain;
  signed char negative;
  unsigned char positive;
  long of_long;
  unsigned long of_unsigned_long;
  long long of_long_long;
  _Bool valid;
};

struct sample sample = {.mean = 2.5, .parts = {0.25f}, .plain = 'x'};
const volatile double threshold = 1e3;
size_t sizes[2] = {sizeof(struct sample), sizeof(u128)};
ptrdiff_t distance;
fast_t fast;
_Bool on = 1;

SEC("socket")
int number_types(struct __sk_buff *skb) {
  u64 value = skb->len;
  sample.sum = (u128)value << 32;
  sample.of_long_long -= value;
  sample.valid = on && value > 4;
  distance += (char *)&sample.plain - (char *)&sample;
  return sizes[value & 1] + fast + sample.negative + (int)sample.of_long;
}

char license_text[] SEC("license") = "GPL";
