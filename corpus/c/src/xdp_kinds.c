/* Kinds of XDP programs: with fragments, behind a CPU map, behind a device map; values of both maps as structs and as numbers. */
#include "more.h"

struct cpumap_value {
  u32 queue_size;
  union {
    int fd;
    u32 id;
  } program;
};

struct {
  NUMBER(type, CPUMAP);
  NUMBER(max_entries, 4);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct cpumap_value);
} processors SEC(".maps");

struct {
  NUMBER(type, DEVMAP_HASH);
  NUMBER(max_entries, 8);
  NUMBER(key_size, 4);
  NUMBER(value_size, 4);
} devices SEC(".maps");

enum verdict { ABORTED, DROP, PASS, SEND_BACK, REDIRECT };

u64 seen[5];

static NOINLINE enum verdict counted(enum verdict verdict) {
  seen[verdict % 5]++;
  return verdict;
}

SEC("xdp.frags")
int with_fragments(struct xdp_md *xdp) {
  if (xdp->rx_queue_index & 1) return redirect_map(&processors, xdp->rx_queue_index & 3, PASS);
  return counted(xdp->data_meta != 0 ? PASS : DROP);
}

SEC("xdp/cpumap")
int behind_cpumap(struct xdp_md *xdp) { return redirect_map(&devices, xdp->ingress_ifindex, 0); }

SEC("xdp/devmap")
int behind_devmap(struct xdp_md *xdp) { return counted(xdp->egress_ifindex == 1 ? PASS : DROP); }

SEC("xdp.frags/devmap")
int behind_devmap_with_fragments(struct xdp_md *xdp) { return xdp->egress_ifindex & 1 ? PASS : ABORTED; }

char license_text[] SEC("license") = "GPL";
