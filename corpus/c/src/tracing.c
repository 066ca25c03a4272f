/* Programs that are tied to the kernel's own types: iterators, raw and typed tracepoints; fentry, fexit and LSM only on
   demand, since not every kernel has trampolines. */
#include "bpf.h"
#include "core.h"

struct seq_file;
struct bpf_iter_meta {
  struct seq_file *seq;
  u64 session_id;
  u64 seq_num;
} RELOCATED;
struct task_struct {
  int pid;
} RELOCATED;
struct bpf_iter__task {
  struct bpf_iter_meta *meta;
  struct task_struct *task;
} RELOCATED;

u64 calls[4];

SEC("?fentry/bpf_fentry_test1")
int on_entry(u64 *context) {
  calls[0] += (int)context[0];
  return 0;
}

SEC("?fexit/bpf_fentry_test1")
int on_exit(u64 *context) {
  calls[1] += (int)context[1];
  return 0;
}

SEC("iter/task")
int on_task(struct bpf_iter__task *context) {
  struct task_struct *task = context->task;
  if (!task) return 0;
  int pid = task->pid;
  seq_write(context->meta->seq, &pid, sizeof(pid));
  return 0;
}

SEC("?lsm/file_open")
int on_open(u64 *context) {
  calls[2]++;
  return 0;
}

SEC("raw_tp/sched_switch")
int on_switch(u64 *context) {
  calls[3]++;
  return 0;
}

SEC("tp_btf/sched_switch")
int on_switch_typed(u64 *context) { return ((struct task_struct *)context[1])->pid & 0; }

SEC("syscall")
int on_syscall(void *context) { return 0; }

char license_text[] SEC("license") = "GPL";
