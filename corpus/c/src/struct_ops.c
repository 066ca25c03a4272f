/* .struct_ops: function pointers in the initialiser of a variable, a name, flags; .struct_ops.link; programs for them. */
#include "bpf.h"
#include "core.h"

struct sock;

struct tcp_congestion_ops {
  u32 flags;
  u32 (*ssthresh)(struct sock *sk);
  u32 (*undo_cwnd)(struct sock *sk);
  void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
  void (*set_state)(struct sock *sk, u8 new_state);
  char name[16];
};

struct tcp_sock {
  u32 snd_cwnd;
  u32 snd_ssthresh;
} RELOCATED;

u64 states[8];

SEC("struct_ops")
u32 corpus_ssthresh(u64 *context) {
  struct tcp_sock *socket = (struct tcp_sock *)context[0];
  return socket->snd_cwnd > 4 ? socket->snd_cwnd / 2 : 2;
}

SEC("struct_ops")
u32 corpus_undo(u64 *context) { return ((struct tcp_sock *)context[0])->snd_ssthresh; }

SEC("struct_ops")
void corpus_avoid(u64 *context) { states[0] += (u32)context[2]; }

SEC("struct_ops")
void corpus_state(u64 *context) { states[(u8)context[1] & 7]++; }

SEC(".struct_ops")
struct tcp_congestion_ops corpus_ops = {
    .ssthresh = (void *)corpus_ssthresh,
    .undo_cwnd = (void *)corpus_undo,
    .cong_avoid = (void *)corpus_avoid,
    .set_state = (void *)corpus_state,
    .name = "bpf_c_corpus",
};

SEC(".struct_ops.link")
struct tcp_congestion_ops corpus_linked = {
    .ssthresh = (void *)corpus_ssthresh,
    .undo_cwnd = (void *)corpus_undo,
    .cong_avoid = (void *)corpus_avoid,
    .name = "bpf_c_corpus2",
};

char license_text[] SEC("license") = "GPL";
