/* Inline functions from a header, in each other: their lines name another file; bit fields whose order follows that of bytes. */
#include "more.h"
#include "packet.h"

struct flow {
  u32 source, destination;
  u16 source_port, destination_port;
  u8 protocol;
};

struct {
  NUMBER(type, 9 /* LRU_HASH */);
  NUMBER(max_entries, 1024);
  OF_TYPE(key, struct flow);
  OF_TYPE(value, u64);
} flows SEC(".maps");

static NOINLINE int count(const struct flow *flow) {
  u64 one = 1, *packets = map_lookup(&flows, flow);
  if (packets) __sync_fetch_and_add(packets, 1);
  else map_update(&flows, flow, &one, 0);
  return 2;
}

SEC("xdp")
int packet_parsing(struct xdp_md *xdp) {
  struct cursor cursor = {(void *)(long)xdp->data, (void *)(long)xdp->data_end};
  struct ethernet_header *ethernet;
  struct ipv4_header *ip;
  struct flow flow = {};
  if (take_ethernet(&cursor, &ethernet) != ETHERTYPE_IPV4) return 2;
  int protocol = take_ipv4(&cursor, &ip);
  if (protocol < 0) return 1;
  flow.source = ip->source;
  flow.destination = ip->destination;
  flow.protocol = protocol;
  if (protocol == PROTOCOL_TCP) {
    struct tcp_header *tcp = take(&cursor, sizeof(*tcp));
    if (!tcp || (tcp->syn && tcp->fin)) return 1;
    flow.source_port = tcp->source;
    flow.destination_port = tcp->destination;
  } else if (protocol == PROTOCOL_UDP) {
    struct udp_header *udp = take(&cursor, sizeof(*udp));
    if (!udp) return 1;
    flow.source_port = udp->source;
    flow.destination_port = udp->destination;
  }
  return count(&flow);
}

char license_text[] SEC("license") = "GPL";
