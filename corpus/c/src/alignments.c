/* Layouts by attribute: packed structs and members, raised alignment of types, members and variables, holes, cache lines. */
#include "more.h"

struct packed_one {
  u8 a;
  u64 b;
  u16 c;
} __attribute__((packed));

struct partly {
  u8 a;
  u32 b __attribute__((packed));
  u16 c __attribute__((aligned(8)));
} __attribute__((aligned(16)));

struct line {
  u64 hot;
  u8 pad[0] __attribute__((aligned(64)));
  u64 cold;
};

typedef u32 aligned_t __attribute__((aligned(32)));
typedef struct partly pair_t[2] __attribute__((aligned(64)));

union view {
  struct packed_one packed;
  u64 words[2] __attribute__((aligned(4)));
} __attribute__((packed, aligned(2)));

struct packed_one packed_one;
struct line lines[2];
aligned_t number = 3;
pair_t pairs;
union view view;
u8 buffer[100] __attribute__((aligned(128)));

SEC("socket")
int alignments(struct __sk_buff *skb) {
  u32 at = skb->mark & 1;
  packed_one.b += lines[at].cold++ + number;
  buffer[skb->len & 63] = pairs[at].c;
  return packed_one.c + view.packed.a;
}

char license_text[] SEC("license") = "GPL";
