/* CO-RE kind 0: accesses through structs with preserve_access_index; chains, arrays, anonymous members, a union. */
#include "bpf.h"
#include "core.h"

struct list_head {
  struct list_head *next, *prev;
} RELOCATED;

struct mm_struct;

struct task_struct {
  int pid;
  int tgid;
  struct task_struct *real_parent;
  struct task_struct *group_leader;
  struct list_head tasks;
  struct mm_struct *mm;
  char comm[16];
} RELOCATED;

struct sk_buff {
  union {
    struct {
      struct sk_buff *next;
      struct sk_buff *prev;
    };
  };
  u32 len;
} RELOCATED;

int seen;

SEC("tp_btf/sched_process_fork")
int core_access(u64 *context) {
  struct task_struct *parent = (struct task_struct *)context[0];
  struct task_struct *child = (struct task_struct *)context[1];
  seen += parent->real_parent->group_leader->pid;
  return child->comm[3] + (parent->tasks.next == child->tasks.prev);
}

SEC("tp_btf/kfree_skb")
int core_union(u64 *context) {
  struct sk_buff *skb = (struct sk_buff *)context[0];
  seen += skb->len + (skb->next == NULL);
  return 0;
}

char license_text[] SEC("license") = "GPL";
