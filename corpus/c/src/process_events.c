/* Events of processes to user space: records whose kind says which member of a union counts, chosen by the tracepoint, dropped by a filter. */
#include "more.h"

enum event_kind { EVENT_EXEC = 1, EVENT_EXIT, EVENT_SIGNAL };

struct event {
  enum event_kind kind;
  u32 pid, uid;
  u64 when;
  char command[16];
  union {
    struct {
      u32 old_pid;
      char file[64];
    } exec;
    struct {
      int code;
      u64 lived;
    } exit;
    struct {
      u8 number;
      u32 target;
    } signal;
  };
};

struct {
  NUMBER(type, RINGBUF);
  NUMBER(max_entries, 1 << 18);
} events SEC(".maps");

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 8192);
  OF_TYPE(key, u32);
  OF_TYPE(value, u64);
} births SEC(".maps");

const volatile u32 only_uid = -1;
/* So that user space finds the type in BTF. */
const struct event *unused_event __attribute__((unused));

INLINE struct event *begin(enum event_kind kind) {
  u32 uid = get_current_uid_gid();
  if (only_uid != (u32)-1 && uid != only_uid) return NULL;
  struct event *event = ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) return NULL;
  event->kind = kind;
  event->uid = uid;
  event->pid = get_current_pid_tgid() >> 32;
  event->when = ktime_get_ns();
  get_current_comm(event->command, sizeof(event->command));
  return event;
}

SEC("raw_tp/sched_process_exec")
int on_exec(u64 *context) {
  struct event *event = begin(EVENT_EXEC);
  if (!event) return 0;
  event->exec.old_pid = context[1];
  u32 pid = event->pid;
  map_update(&births, &pid, &event->when, 0);
  ringbuf_submit(event, 0);
  return 0;
}

SEC("raw_tp/sched_process_exit")
int on_exit(u64 *context) {
  struct event *event = begin(EVENT_EXIT);
  if (!event) return 0;
  u64 *birth = map_lookup(&births, &event->pid);
  event->exit.lived = birth ? event->when - *birth : 0;
  if (birth) map_delete(&births, &event->pid);
  ringbuf_submit(event, 0);
  return 0;
}

SEC("raw_tp/signal_generate")
int on_signal(u64 *context) {
  struct event *event = begin(EVENT_SIGNAL);
  if (!event) return 0;
  event->signal.number = context[0];
  ringbuf_submit(event, 0);
  return 0;
}

char license_text[] SEC("license") = "GPL";
