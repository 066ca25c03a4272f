/* struct_ops that are loaded on demand: an optional map, several of one type, members left null, programs shared by two maps. */
#include "more.h"

struct sock;
struct ack_sample {
  u32 packets;
  s32 rtt;
};

struct tcp_congestion_ops {
  u32 (*ssthresh)(struct sock *socket);
  void (*cong_avoid)(struct sock *socket, u32 acknowledged, u32 in_flight);
  u32 (*undo_cwnd)(struct sock *socket);
  void (*pkts_acked)(struct sock *socket, const struct ack_sample *sample);
  char name[16];
  u32 flags;
};

u64 calls[3];

SEC("?struct_ops/shared_ssthresh")
u32 shared_ssthresh(u64 *context) {
  calls[0]++;
  return 2;
}

SEC("?struct_ops/shared_avoid")
void shared_avoid(u64 *context) { calls[1] += (u32)context[1]; }

SEC("?struct_ops/own_undo")
u32 own_undo(u64 *context) { return calls[2]++; }

SEC("?.struct_ops")
struct tcp_congestion_ops optional_one = {
    .ssthresh = (void *)shared_ssthresh,
    .cong_avoid = (void *)shared_avoid,
    .undo_cwnd = (void *)own_undo,
    .name = "c_optional_1",
};

SEC("?.struct_ops.link")
struct tcp_congestion_ops optional_two = {
    .ssthresh = (void *)shared_ssthresh,
    .cong_avoid = (void *)shared_avoid,
    .undo_cwnd = (void *)own_undo,
    .flags = 1,
    .name = "c_optional_2",
};

char license_text[] SEC("license") = "GPL";
