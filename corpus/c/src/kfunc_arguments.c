/* kfuncs with arguments of every kind: memory with its size, structs by pointer, what must be released, none at all. */
#include "more.h"

/* As a forward declaration it would not be found to be the same as the kernel's. */
struct task_struct {
  int pid;
};

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *pointer) KSYM WEAK;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *pointer, u32 offset, void *buffer, u32 buffer_size) KSYM WEAK;
extern struct task_struct *bpf_task_from_pid(s32 pid) KSYM WEAK;
extern void bpf_task_release(struct task_struct *task) KSYM WEAK;
extern void bpf_preempt_disable(void) KSYM WEAK;
extern void bpf_preempt_enable(void) KSYM WEAK;

u64 slices, tasks;

SEC("tc")
int of_packet(struct __sk_buff *skb) {
  struct bpf_dynptr packet;
  u8 buffer[16];
  if (bpf_dynptr_from_skb(skb, 0, &packet)) return 0;
  u8 *head = bpf_dynptr_slice(&packet, 0, buffer, sizeof(buffer));
  if (head) slices += head[0];
  return 0;
}

SEC("tp_btf/task_newtask")
int of_task(void *context) {
  bpf_preempt_disable();
  tasks++;
  bpf_preempt_enable();
  struct task_struct *task = bpf_task_from_pid(1);
  if (!task) return 0;
  tasks += 2;
  bpf_task_release(task);
  return 0;
}

char license_text[] SEC("license") = "GPL";
