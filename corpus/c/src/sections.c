/* Programs in many sections, several in one, with the context types of their kinds; a subprogram of each linkage. */
#include "bpf.h"

struct xdp_md {
  u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index;
};
struct __sk_buff {
  u32 len, pkt_type, mark;
};
struct pt_regs {
  u64 words[21];
};
struct bpf_sock_addr {
  u32 user_family, user_ip4;
};
struct bpf_perf_event_data;
struct bpf_sysctl;

u64 counts[8];

static NOINLINE void count(u32 index) { counts[index & 7]++; }

SEC("xdp")
int on_xdp(struct xdp_md *xdp) {
  count(0);
  return xdp->rx_queue_index ? 2 : 1;
}

SEC("xdp")
int on_xdp_again(struct xdp_md *xdp) { return xdp->ingress_ifindex & 1 ? 1 : 2; }

SEC("tc")
int on_tc(struct __sk_buff *skb) {
  count(1);
  return skb->mark ? 2 : 0;
}

SEC("kprobe/do_unlinkat")
int on_kprobe(struct pt_regs *registers) {
  count(2);
  return registers->words[14] != 0;
}

SEC("uprobe")
int on_uprobe(struct pt_regs *registers) { return registers->words[10] == 0; }

SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *address) { return address->user_ip4 != 0; }

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb) {
  count(3);
  return skb->len < 1500;
}

SEC("perf_event")
int on_perf_event(struct bpf_perf_event_data *data) { return 0; }

SEC("cgroup/sysctl")
int on_sysctl(struct bpf_sysctl *sysctl) { return 1; }

SEC("?tracepoint/sched/sched_switch")
int on_demand(void *context) { return 0; }

SEC("lwt_in")
int on_lwt(struct __sk_buff *skb) { return 0; }

char license_text[] SEC("license") = "GPL";
