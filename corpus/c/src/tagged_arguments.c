/* Tags that the verifier reads on parameters of global functions: context, memory that is never null, may be null, is in an arena. */
#include "more.h"

struct range {
  u32 from, to;
};

u64 total;

NOINLINE int with_context(void *skb DECL_TAG("arg:ctx"), u32 limit) {
  struct __sk_buff *packet = skb;
  return packet->len > limit;
}

NOINLINE int never_null(const struct range *range DECL_TAG("arg:nonnull"), int (*pair)[2] DECL_TAG("arg:nonnull")) {
  return range->to - range->from + (*pair)[1];
}

NOINLINE DECL_TAG("of the function") int maybe_null(struct range *range DECL_TAG("arg:nonnull") DECL_TAG("second")) {
  total += range->from;
  return 1;
}

static NOINLINE int of_static(u32 value DECL_TAG("plain"), u32 other) {
  total += value * other;
  return value;
}

SEC("tc")
int tagged_arguments(struct __sk_buff *skb DECL_TAG("of the context")) {
  struct range range = {skb->mark, skb->len};
  int pair[2] = {1, 2};
  return with_context(skb, 64) + never_null(&range, &pair) + maybe_null(&range) + of_static(3, skb->hash);
}

char license_text[] SEC("license") = "GPL";
