/* Programs that choose a socket: sk_lookup and sk_reuseport, with a REUSEPORT_SOCKARRAY and a context of unions and pointers. */
#include "more.h"

struct bpf_sock;

struct bpf_sk_lookup {
  union {
    struct bpf_sock *socket;
    u64 cookie;
  } __attribute__((aligned(8)));
  u32 family, protocol, remote_ip4, remote_ip6[4];
  u16 remote_port;
  u32 local_ip4, local_ip6[4], local_port, ingress_ifindex;
};

struct sk_reuseport_md {
  void *data __attribute__((aligned(8)));
  void *data_end __attribute__((aligned(8)));
  u32 length, eth_protocol, ip_protocol, bind_inany, hash;
};

struct {
  NUMBER(type, REUSEPORT_SOCKARRAY);
  NUMBER(max_entries, 16);
  OF_TYPE(key, u32);
  OF_TYPE(value, u64);
} listeners SEC(".maps");

struct {
  NUMBER(type, SOCKMAP);
  NUMBER(max_entries, 1);
  OF_TYPE(key, u32);
  OF_TYPE(value, u64);
} redirected SEC(".maps");

const volatile u16 ports[4] = {80, 443, 8080, 8443};

SEC("sk_lookup")
int on_lookup(struct bpf_sk_lookup *lookup) {
  static const u32 zero;
  if (lookup->local_port != ports[lookup->remote_port & 3]) return 1;
  struct bpf_sock *socket = map_lookup(&redirected, &zero);
  if (!socket) return 1;
  long error = sk_assign(lookup, socket, 0);
  sk_release(socket);
  return error ? 0 : 1;
}

SEC("sk_reuseport")
int on_reuseport(struct sk_reuseport_md *packet) {
  u32 key = packet->hash & 15;
  return sk_select_reuseport(packet, &listeners, &key, 0) == 0;
}

char license_text[] SEC("license") = "GPL";
