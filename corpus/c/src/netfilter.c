/* A netfilter hook: its context holds pointers to structs that are only declared; verdicts as an enum with aliases. */
#include "more.h"

struct nf_hook_state;
struct sk_buff;

struct bpf_nf_ctx {
  const struct nf_hook_state *state;
  struct sk_buff *skb;
};

enum nf_verdict { NF_DROP, NF_ACCEPT, NF_FIRST = NF_DROP, NF_LAST = NF_ACCEPT };

u64 verdicts[2];
enum nf_verdict usual = NF_ACCEPT;

SEC("netfilter")
int on_packet(struct bpf_nf_ctx *context) {
  if (usual != NF_DROP && usual != NF_ACCEPT) return NF_LAST;
  verdicts[usual & 1]++;
  return usual == NF_DROP ? NF_DROP : NF_ACCEPT;
}

char license_text[] SEC("license") = "GPL";
