/* Statistics of sockets: storage beside each socket with nested counters, a list of the loudest in an array, percentages without division by zero. */
#include "more.h"

struct bpf_sock {
  u32 bound_dev_if, family, type, protocol, mark, priority;
};
HELPER(struct bpf_sock *, sk_fullsock, 95, struct bpf_sock *socket);

struct counts {
  u64 packets, bytes;
};
struct socket_statistics {
  struct counts by_direction[2];
  struct {
    u32 first, last;
  } seen;
};
struct loud {
  u64 cookie;
  struct counts counts;
};

struct {
  NUMBER(type, SK_STORAGE);
  NUMBER(map_flags, NO_PREALLOC);
  OF_TYPE(key, int);
  OF_TYPE(value, struct socket_statistics);
} statistics SEC(".maps");

struct loud loudest[8];
u32 sampled;

static u32 percent(u64 part, u64 whole) { return whole ? part * 100 / whole : 0; }

static NOINLINE void note(u64 cookie, const struct counts *counts) {
  struct loud *slot = &loudest[cookie & 7];
  if (slot->counts.bytes > counts->bytes) return;
  slot->cookie = cookie;
  slot->counts = *counts;
}

SEC("cgroup_skb/egress")
int on_sent(struct __sk_buff *skb) {
  struct bpf_sock *socket = *(struct bpf_sock *volatile *)&((struct { u8 before[168]; struct bpf_sock *socket; } *)skb)->socket;
  if (!socket) return 1;
  socket = sk_fullsock(socket);
  if (!socket) return 1;
  struct socket_statistics *own = sk_storage_get(&statistics, socket, NULL, 1);
  if (!own) return 1;
  struct counts *counts = &own->by_direction[1];
  counts->packets++;
  counts->bytes += skb->len;
  own->seen.last = ktime_get_ns() >> 20;
  if (percent(counts->bytes, 1 << 20) > 50) note(get_socket_cookie(skb), counts);
  sampled++;
  return 1;
}

char license_text[] SEC("license") = "GPL";
