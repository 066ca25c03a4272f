/* Bit fields as protocols have them: over bytes and words, bool, unnamed gaps, in unions and unnamed structs. */
#include "more.h"

struct dns_flags {
  u16 response : 1, opcode : 4, authoritative : 1, truncated : 1, recursion : 1;
  u16 available : 1, zero : 3, code : 4;
};

union control {
  u32 whole;
  struct {
    u32 enabled : 1;
    u32 : 6;
    u32 mode : 9;
    s32 offset : 16;
  };
  struct {
    u8 low : 7;
    u8 high : 1;
    u64 : 0;
    _Bool last : 1;
  } bytes;
};

struct mixed {
  u8 first;
  u32 a : 5;
  u32 b : 30;
  s64 c : 33;
  u8 d : 3;
  u64 e : 63;
  union {
    u16 f : 11;
    u16 g : 5;
  };
} __attribute__((packed));

struct dns_flags flags;
union control control = {.whole = 1};
struct mixed mixed;

SEC("socket")
int bit_layouts(struct __sk_buff *skb) {
  flags.opcode = skb->mark;
  control.mode += flags.code;
  control.bytes.last = !control.bytes.last;
  mixed.c -= mixed.a;
  mixed.e = skb->len;
  return mixed.b + mixed.f + control.offset;
}

char license_text[] SEC("license") = "GPL";
