/* CO-RE kinds 0 to 5: offset, size, existence, sign and shifts of fields; bit fields, array elements, absent fields. */
#include "bpf.h"
#include "core.h"

struct cred;

struct task_struct {
  int pid;
  u32 flags;
  unsigned sched_reset_on_fork : 1;
  unsigned in_iowait : 1;
  char comm[16];
  const struct cred *cred;
} RELOCATED;

/* Another idea of the same struct: what follows three underscores does not count. */
struct task_struct___old {
  long state;
  int no_such_field;
} RELOCATED;

u64 result[8];

SEC("raw_tp/sched_switch")
int core_fields(u64 *context) {
  struct task_struct *task = (void *)get_current_task();
  struct task_struct___old *old = (void *)task;
  u64 bits = 0;
  result[0] = FIELD_OFFSET(task->pid) + FIELD_OFFSET(task->comm[2]);
  result[1] = FIELD_SIZE(task->comm) + FIELD_SIZE(task->cred);
  result[2] = FIELD_SIGNED(task->pid) + FIELD_SIGNED(task->flags);
  if (FIELD_EXISTS(old->state)) probe_read_kernel(&bits, FIELD_SIZE(old->state), &old->state);
  if (FIELD_EXISTS(old->no_such_field)) result[3] = FIELD_OFFSET(old->no_such_field);
  probe_read_kernel(&bits, FIELD_SIZE(task->in_iowait), (void *)task + FIELD_OFFSET(task->in_iowait));
  bits <<= FIELD_LEFT_SHIFT(task->in_iowait);
  result[4] = FIELD_SIGNED(task->in_iowait) ? (s64)bits >> FIELD_RIGHT_SHIFT(task->in_iowait)
                                            : bits >> FIELD_RIGHT_SHIFT(task->in_iowait);
  return 0;
}

char license_text[] SEC("license") = "GPL";
