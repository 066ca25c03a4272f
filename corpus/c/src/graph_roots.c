/* A list in the kernel's sense: DECL_TAG "contains:", objects made with a local type's id, a lock beside the root. */
#include "bpf.h"
#include "core.h"

struct bpf_spin_lock {
  u32 value;
};
struct bpf_list_head {
  u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_list_node {
  u64 opaque[3];
} __attribute__((aligned(8)));

struct entry {
  u64 data;
  struct bpf_list_node node;
};

static struct bpf_spin_lock guard SEC(".data.list");
static struct bpf_list_head head SEC(".data.list") DECL_TAG("contains:entry:node");

extern void *bpf_obj_new_impl(u64 local_type_id, void *meta) KSYM;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, u64 off) KSYM;

SEC("tc")
int graph_roots(void *skb) {
  struct entry *entry = bpf_obj_new_impl(LOCAL_TYPE_ID(struct entry), NULL);
  if (!entry) return 0;
  entry->data = get_prandom_u32();
  spin_lock(&guard);
  bpf_list_push_front_impl(&head, &entry->node, NULL, 0);
  spin_unlock(&guard);
  return 0;
}

char license_text[] SEC("license") = "GPL";
