/* A translator of addresses: unions of IPv4 and IPv6 keys, checksums mended by helpers, constants from offsetof. */
#include "more.h"
#include "packet.h"

#define CHECKSUM_OFFSET (sizeof(struct ethernet_header) + __builtin_offsetof(struct ipv4_header, checksum))
#define SOURCE_OFFSET (sizeof(struct ethernet_header) + __builtin_offsetof(struct ipv4_header, source))

union address {
  u32 v4;
  u8 bytes[16];
  u32 words[4];
  struct {
    u64 high, low;
  };
};

struct endpoint {
  union address address;
  u16 port;
  u8 family;
} __attribute__((packed, aligned(4)));

struct translation {
  struct endpoint to;
  u64 last_used;
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 256);
  OF_TYPE(key, struct endpoint);
  OF_TYPE(value, struct translation);
} translations SEC(".maps");

const volatile u32 own_address = 0x0a000001;

static __attribute__((noinline)) int rewrite(struct __sk_buff *skb, u32 from, u32 to) {
  long error = l3_csum_replace(skb, CHECKSUM_OFFSET, from, to, sizeof(to));
  if (error) return error;
  return skb_store_bytes(skb, SOURCE_OFFSET, &to, sizeof(to), 0);
}

SEC("tc")
int address_translation(struct __sk_buff *skb) {
  struct endpoint key = {.family = 4};
  struct ipv4_header ip;
  if (NETWORK16(skb->protocol) != ETHERTYPE_IPV4) return 0;
  if (skb_load_bytes(skb, sizeof(struct ethernet_header), &ip, sizeof(ip))) return 0;
  key.address.v4 = ip.source;
  struct translation *found = map_lookup(&translations, &key);
  if (!found) return 0;
  found->last_used = ktime_get_ns();
  return rewrite(skb, ip.source, own_address) ? 2 : 0;
}

char license_text[] SEC("license") = "GPL";
