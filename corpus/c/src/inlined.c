/* Functions that are inlined, in each other and more than once: no FUNC of their own, but their lines and types. */
#include "bpf.h"

struct cursor {
  u8 *at, *end;
};

struct xdp_md {
  u32 data, data_end;
};

struct ethernet {
  u8 to[6], from[6];
  u16 protocol;
} __attribute__((packed));

u64 bytes;

INLINE _Bool fits(const struct cursor *cursor, u32 length) { return cursor->at + length <= cursor->end; }

INLINE void *advance(struct cursor *cursor, u32 length) {
  if (!fits(cursor, length)) return NULL;
  void *here = cursor->at;
  cursor->at += length;
  return here;
}

static inline void account(u64 amount) { bytes += amount; }

INLINE u32 swapped(u16 value) { return (u16)(value << 8 | value >> 8); }

SEC("xdp")
int inlined(struct xdp_md *context) {
  struct cursor cursor = {(u8 *)(long)context->data, (u8 *)(long)context->data_end};
  struct ethernet *ethernet = advance(&cursor, sizeof(*ethernet));
  if (!ethernet) return 1;
  account(sizeof(*ethernet));
  if (swapped(ethernet->protocol) != 0x800) return 2;
  account(20);
  return advance(&cursor, 20) ? 2 : 1;
}

char license_text[] SEC("license") = "GPL";
