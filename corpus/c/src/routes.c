/* Longest prefix: keys whose data's length depends on the family, by unions, by a flexible array and by a packed struct. */
#include "more.h"
#include "packet.h"

struct prefix4 {
  u32 length;
  u32 address;
};

struct prefix6 {
  u32 length;
  union {
    u8 bytes[16];
    u32 words[4];
  } address;
};

struct prefix_of_any {
  u32 length;
  u8 data[0];
};

struct route {
  u32 ifindex;
  union {
    struct prefix4 v4;
    struct prefix6 v6;
    struct prefix_of_any any;
  } via;
};

#define TRIE(key_type)              \
  struct {                          \
    NUMBER(type, LPM_TRIE);         \
    NUMBER(max_entries, 255);       \
    NUMBER(map_flags, NO_PREALLOC); \
    OF_TYPE(key, key_type);         \
    OF_TYPE(value, struct route);   \
  }

TRIE(struct prefix4) routes4 SEC(".maps");
TRIE(struct prefix6) routes6 SEC(".maps");

static NOINLINE int via(const struct route *route) { return route ? redirect(route->ifindex, 0) : 2; }

SEC("xdp")
int routes(struct xdp_md *xdp) {
  struct cursor cursor = {(void *)(long)xdp->data, (void *)(long)xdp->data_end};
  struct ethernet_header *ethernet;
  int protocol = take_ethernet(&cursor, &ethernet);
  if (protocol == ETHERTYPE_IPV4) {
    struct ipv4_header *ip = take(&cursor, sizeof(*ip));
    if (!ip) return 1;
    struct prefix4 key = {32, ip->destination};
    return via(map_lookup(&routes4, &key));
  }
  if (protocol == ETHERTYPE_IPV6) {
    struct ipv6_header *ip = take(&cursor, sizeof(*ip));
    if (!ip) return 1;
    struct prefix6 key = {128};
    __builtin_memcpy(key.address.bytes, ip->destination, sizeof(key.address));
    return via(map_lookup(&routes6, &key));
  }
  return 2;
}

char license_text[] SEC("license") = "GPL";
