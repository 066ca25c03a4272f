/* TYPE_TAGs that the kernel reads: pointers to kernel objects in map values, exchanged and released. */
#include "bpf.h"
#include "core.h"

struct task_struct {
  int pid;
} RELOCATED;

struct slot {
  struct task_struct TYPE_TAG("kptr") *task;
  struct task_struct TYPE_TAG("kptr_untrusted") *suspect;
  u64 when;
};

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 1);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct slot);
} slots SEC(".maps");

extern struct task_struct *bpf_task_acquire(struct task_struct *task) KSYM;
extern void bpf_task_release(struct task_struct *task) KSYM;

SEC("tp_btf/task_newtask")
int kernel_pointers(u64 *context) {
  u32 key = 0;
  struct slot *slot = map_lookup(&slots, &key);
  if (!slot) return 0;
  struct task_struct *task = bpf_task_acquire((struct task_struct *)context[0]);
  if (!task) return 0;
  task = kptr_exchange(&slot->task, task);
  if (task) bpf_task_release(task);
  slot->when = ktime_get_ns();
  return 0;
}

char license_text[] SEC("license") = "GPL";
