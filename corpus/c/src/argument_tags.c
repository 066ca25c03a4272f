/* Global subprograms whose parameters carry tags for the verifier; one that may fail to be verified alone without them. */
#include "bpf.h"

struct __sk_buff {
  u32 len, mark;
};

enum answer { NO, YES };

struct entry {
  u64 hits;
};

u64 total;

NOINLINE int with_context(void *context DECL_TAG("arg:ctx"), u32 amount) {
  total += amount;
  return context != NULL;
}

NOINLINE int never_null(struct entry *entry DECL_TAG("arg:nonnull")) { return (int)++entry->hits; }

NOINLINE int typed_context(struct __sk_buff *skb) { return skb->len; }

NOINLINE int scalars(u8 a, s16 b, _Bool c, enum answer d, u64 e) { return a + b + c + (int)d + (int)e; }

SEC("tc")
int argument_tags(struct __sk_buff *skb) {
  struct entry entry = {1};
  return with_context(skb, 3) + never_null(&entry) + typed_context(skb) + scalars(1, 2, 1, YES, 5);
}

char license_text[] SEC("license") = "GPL";
