/* Types that are inferred: typeof of expressions and members, __auto_type, generic selection, offsetof and container_of, statement values. */
#include "more.h"

#define CONTAINER(pointer, type, member) ((type *)((char *)(pointer) - __builtin_offsetof(type, member)))
#define LARGER(a, b) ({ __auto_type first = (a); __auto_type second = (b); first > second ? first : second; })
#define KIND(value) _Generic((value), u8: 1, u32: 2, u64: 3, struct link *: 4, default: 0)

struct link {
  struct link *next;
};
struct item {
  u32 weight;
  struct link link;
  __typeof__(((struct link *)0)->next) other;
};

struct item items[4];
__typeof__(items[0].weight) heaviest;
__typeof__(&items[0].link) *chain;
const __typeof__(u64[2]) pair = {1, 2};
__typeof__(int (*)(struct item *)) compare;

static NOINLINE struct item *owner(struct link *link) { return CONTAINER(link, struct item, link); }

SEC("socket")
int inferred_types(struct __sk_buff *skb) {
  __auto_type at = skb->mark & 3;
  __typeof__(items[0]) *item = owner(&items[at].link);
  heaviest = LARGER(heaviest, item->weight);
  return KIND(at) + KIND(pair[1]) + KIND(&item->link) + (chain != NULL) + (compare != NULL);
}

char license_text[] SEC("license") = "GPL";
