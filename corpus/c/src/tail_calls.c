/* Tail calls: a table that the loader fills from its initializer, jumps from a static function, numbers of jumps in an enum. */
#include "more.h"
#include "packet.h"

enum jump { JUMP_IPV4, JUMP_IPV6, JUMP_OTHER, JUMPS };

int handle_ipv4(struct __sk_buff *skb);
int handle_ipv6(struct __sk_buff *skb);
int handle_other(struct __sk_buff *skb);

struct {
  NUMBER(type, PROG_ARRAY);
  NUMBER(max_entries, JUMPS);
  NUMBER(key_size, sizeof(u32));
  LIST_OF(values, int(struct __sk_buff *));
} jumps SEC(".maps") = {
    .values = {
        [JUMP_IPV4] = (void *)&handle_ipv4,
        [JUMP_IPV6] = (void *)&handle_ipv6,
        [JUMP_OTHER] = (void *)&handle_other,
    },
};

u64 packets[JUMPS];

SEC("tc")
int handle_ipv6(struct __sk_buff *skb) {
  packets[JUMP_IPV6]++;
  return 0;
}

SEC("tc")
int handle_ipv4(struct __sk_buff *skb) {
  packets[JUMP_IPV4]++;
  return skb->len > 1500 ? 2 : 0;
}

SEC("tc")
int handle_other(struct __sk_buff *skb) {
  packets[JUMP_OTHER]++;
  return 2;
}

static NOINLINE int jump(struct __sk_buff *skb, enum jump to) {
  tail_call(skb, &jumps, to);
  return 2;
}

SEC("tc")
int dispatch(struct __sk_buff *skb) {
  switch (NETWORK16(skb->protocol)) {
    case ETHERTYPE_IPV4: return jump(skb, JUMP_IPV4);
    case ETHERTYPE_IPV6: return jump(skb, JUMP_IPV6);
    default: return jump(skb, JUMP_OTHER);
  }
}

char license_text[] SEC("license") = "GPL";
