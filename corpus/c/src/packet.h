/* Functions that several programs inline, with lines of their own: Ethernet, IPv4, IPv6, TCP and UDP headers of a packet. */
#pragma once
#include "bpf.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NETWORK16(value) ((u16)__builtin_bswap16(value))
#define NETWORK32(value) __builtin_bswap32(value)
#else
#define NETWORK16(value) ((u16)(value))
#define NETWORK32(value) ((u32)(value))
#endif

enum ethertype { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_VLAN = 0x8100, ETHERTYPE_IPV6 = 0x86dd };
enum ip_protocol { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

struct ethernet_header {
  u8 destination[6];
  u8 source[6];
  u16 protocol;
} __attribute__((packed));

struct ipv4_header {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  u8 words : 4, version : 4;
#else
  u8 version : 4, words : 4;
#endif
  u8 service;
  u16 length, id, fragment;
  u8 ttl, protocol;
  u16 checksum;
  u32 source, destination;
};

struct ipv6_header {
  u32 flow;
  u16 length;
  u8 next, hops;
  u8 source[16], destination[16];
};

struct tcp_header {
  u16 source, destination;
  u32 sequence, acknowledged;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  u16 reserved : 4, words : 4, fin : 1, syn : 1, rst : 1, psh : 1, ack : 1, urg : 1, ece : 1, cwr : 1;
#else
  u16 words : 4, reserved : 4, cwr : 1, ece : 1, urg : 1, ack : 1, psh : 1, rst : 1, syn : 1, fin : 1;
#endif
  u16 window, checksum, urgent;
};

struct udp_header {
  u16 source, destination, length, checksum;
};

struct cursor {
  void *at;
  void *end;
};

/* The next header, or nothing if the packet is shorter. */
INLINE void *take(struct cursor *cursor, u32 size) {
  void *here = cursor->at;
  if (here + size > cursor->end) return NULL;
  cursor->at = here + size;
  return here;
}

INLINE int take_ethernet(struct cursor *cursor, struct ethernet_header **header) {
  *header = take(cursor, sizeof(**header));
  return *header ? NETWORK16((*header)->protocol) : -1;
}

INLINE int take_ipv4(struct cursor *cursor, struct ipv4_header **header) {
  struct ipv4_header *ip = take(cursor, sizeof(*ip));
  if (!ip || ip->words < 5) return -1;
  /* Options are passed over. */
  if (ip->words > 5 && !take(cursor, (ip->words - 5) * 4)) return -1;
  *header = ip;
  return ip->protocol;
}

INLINE u16 folded(u32 sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (u16)~sum;
}
