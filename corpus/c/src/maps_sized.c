/* Maps with sizes in place of types, or without either: queue, stack, ring buffers, events, stack traces, sockets. */
#include "bpf.h"

struct event {
  u32 pid;
  char comm[16];
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 8);
  NUMBER(key_size, sizeof(u32));
  NUMBER(value_size, sizeof(struct event));
} sized SEC(".maps");

struct {
  NUMBER(type, QUEUE);
  NUMBER(max_entries, 4);
  OF_TYPE(value, u32);
} queue SEC(".maps");

struct {
  NUMBER(type, STACK);
  NUMBER(max_entries, 4);
  NUMBER(value_size, 8);
} stack SEC(".maps");

struct {
  NUMBER(type, RINGBUF);
  NUMBER(max_entries, 4096);
} ring SEC(".maps");

struct {
  NUMBER(type, USER_RINGBUF);
  NUMBER(max_entries, 4096);
} from_user SEC(".maps");

struct {
  NUMBER(type, PERF_EVENT_ARRAY);
  NUMBER(key_size, sizeof(int));
  NUMBER(value_size, sizeof(int));
} events SEC(".maps");

struct {
  NUMBER(type, STACK_TRACE);
  NUMBER(max_entries, 16);
  NUMBER(key_size, sizeof(u32));
  NUMBER(value_size, 20 * sizeof(u64));
} traces SEC(".maps");

struct {
  NUMBER(type, SOCKMAP);
  NUMBER(max_entries, 2);
  OF_TYPE(key, u32);
  OF_TYPE(value, u64);
} sockets SEC(".maps");

/* Keeps the type of what the ring buffer carries. */
const struct event *unused_event __attribute__((unused));

SEC("tracepoint/sched/sched_process_exit")
int maps_sized(void *context) {
  u32 pid = get_current_pid_tgid();
  u64 word = pid;
  struct event local = {pid};
  struct event *event = ringbuf_reserve(&ring, sizeof(*event), 0);
  if (event) {
    event->pid = pid;
    ringbuf_submit(event, 0);
  }
  map_push(&stack, &word, 0);
  map_push(&queue, &pid, 0);
  map_update(&sized, &pid, &local, 0);
  perf_event_output(context, &events, 0xffffffffULL, &local, sizeof(local));
  return 0;
}

char license_text[] SEC("license") = "GPL";
