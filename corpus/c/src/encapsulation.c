/* A packet gets a header in front and a checksum: headers as a packed struct of structs, sums in a loop, constants of the configuration. */
#include "more.h"
#include "packet.h"

struct outer_headers {
  struct ethernet_header ethernet;
  struct ipv4_header ip;
} __attribute__((packed));

struct tunnel {
  u32 local, remote;
  u8 gateway[6], own[6];
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 16);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct tunnel);
} tunnels SEC(".maps");

const volatile u8 ttl = 64;
u64 encapsulated;

static NOINLINE u16 checksum(const u16 *halves) {
  u32 sum = 0;
#pragma unroll
  for (u32 i = 0; i < sizeof(struct ipv4_header) / 2; i++) sum += halves[i];
  return folded(sum);
}

SEC("xdp")
int encapsulation(struct xdp_md *xdp) {
  void *start = (void *)(long)xdp->data, *end = (void *)(long)xdp->data_end;
  u32 key = xdp->ingress_ifindex, length = end - start;
  OPAQUE(length);
  struct tunnel *tunnel = map_lookup(&tunnels, &key);
  if (!tunnel || xdp_adjust_head(xdp, -(int)sizeof(struct ipv4_header))) return 2;
  struct cursor cursor = {(void *)(long)xdp->data, (void *)(long)xdp->data_end};
  struct outer_headers *outer = take(&cursor, sizeof(*outer));
  if (!outer) return 1;
  struct ipv4_header ip = {.version = 4, .words = 5, .ttl = ttl, .protocol = 4};
  __builtin_memcpy(outer->ethernet.destination, tunnel->gateway, 6);
  __builtin_memcpy(outer->ethernet.source, tunnel->own, 6);
  outer->ethernet.protocol = NETWORK16(ETHERTYPE_IPV4);
  ip.length = NETWORK16(length + sizeof(ip));
  ip.source = tunnel->local;
  ip.destination = tunnel->remote;
  ip.checksum = checksum((const u16 *)&ip);
  outer->ip = ip;
  encapsulated++;
  return 3;
}

char license_text[] SEC("license") = "GPL";
