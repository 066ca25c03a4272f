/* Programs whose context is unpacked by a macro: the section's function calls an inlined one of the same name with typed arguments. */
#include "more.h"

#define ARGUMENT(n, type) (type)context[n]
#define PROGRAM2(name, type0, argument0, type1, argument1)                                      \
  name(u64 *context);                                                                           \
  static __attribute__((always_inline)) __typeof__(name(0))                                     \
  ____##name(u64 *context, type0 argument0, type1 argument1);                                   \
  __typeof__(name(0)) name(u64 *context) { return ____##name(context, ARGUMENT(0, type0), ARGUMENT(1, type1)); } \
  static __attribute__((always_inline)) __typeof__(name(0))                                     \
  ____##name(u64 *context, type0 argument0, type1 argument1)

struct task_struct;
struct linux_binprm;

struct exit_event {
  u64 when;
  long result;
  int pid;
};

struct {
  NUMBER(type, RINGBUF);
  NUMBER(max_entries, 65536);
} events SEC(".maps");

u64 starts;

SEC("tp_btf/sched_wakeup")
int PROGRAM2(on_wakeup, struct task_struct *, task, long, unused) {
  starts += task == NULL;
  return 0;
}

SEC("raw_tp/sys_exit")
int PROGRAM2(on_exit, void *, registers, long, result) {
  if (result >= 0) return 0;
  struct exit_event *event = ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) return 0;
  event->when = ktime_get_ns();
  event->result = result;
  event->pid = get_current_pid_tgid() >> 32;
  ringbuf_submit(event, 0);
  return 0;
}

char license_text[] SEC("license") = "GPL";
