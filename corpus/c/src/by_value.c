/* Structs, unions and 128 bits as arguments of static functions; what the ABI makes of them. */
#include "bpf.h"

struct small {
  u32 a, b;
};
struct two_words {
  u64 a, b;
};
struct one {
  u16 only;
};
union either {
  u64 word;
  u8 bytes[8];
};
enum kind { FIRST, SECOND };

static NOINLINE u64 take_small(struct small small, u32 scale) { return small.a * scale + small.b; }
static NOINLINE u64 take_two(struct two_words words) { return words.a ^ words.b; }
static NOINLINE u64 take_one(struct one one, union either either) { return one.only + either.bytes[7]; }
static NOINLINE u64 take_kind(enum kind kind, union either either) { return kind == FIRST ? either.word : 2; }
static NOINLINE u64 take_wide(__int128 wide) { return (u64)(wide >> 64) + (u64)wide; }

SEC("socket")
int by_value(void *context) {
  u32 seed = get_prandom_u32();
  struct small small = {seed, seed + 1};
  struct two_words words = {seed, small.a};
  struct one one = {seed};
  u64 sum = take_small(small, seed) + take_two(words) + take_one(one, (union either){seed});
  sum += take_kind(seed & 1, (union either){.word = sum});
  return (int)(sum + take_wide((__int128)sum << 32));
}

char license_text[] SEC("license") = "GPL";
