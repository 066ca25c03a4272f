/* Quotas of control groups: an old cgroup storage with its own key struct, ancestors by level, two directions. */
#include "more.h"

struct bpf_cgroup_storage_key {
  u64 inode;
  u32 attach_type;
};

HELPER(void *, get_local_storage, 81, void *map, u64 flags);
HELPER(u64, skb_ancestor_cgroup_id, 83, void *skb, int level);

enum direction { IN, OUT, DIRECTIONS };

struct quota {
  u64 bytes[DIRECTIONS], limit;
};

struct {
  NUMBER(type, 19 /* deprecated CGROUP_STORAGE */);
  OF_TYPE(key, struct bpf_cgroup_storage_key);
  OF_TYPE(value, struct quota);
} quotas SEC(".maps");

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 64);
  OF_TYPE(key, u64);
  OF_TYPE(value, struct quota);
} by_ancestor SEC(".maps");

static int charge(struct __sk_buff *skb, enum direction direction) {
  struct quota *quota = get_local_storage(&quotas, 0), *shared;
  u64 ancestor = skb_ancestor_cgroup_id(skb, 1);
  __sync_fetch_and_add(&quota->bytes[direction], skb->len);
  shared = map_lookup(&by_ancestor, &ancestor);
  if (shared) shared->bytes[direction] += skb->len;
  return !quota->limit || quota->bytes[direction] < quota->limit;
}

SEC("cgroup_skb/ingress")
int on_received(struct __sk_buff *skb) { return charge(skb, IN); }

SEC("cgroup_skb/egress")
int on_sent(struct __sk_buff *skb) { return charge(skb, OUT); }

char license_text[] SEC("license") = "GPL";
