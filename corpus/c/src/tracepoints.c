/* Tracepoints with contexts of their own, the names of arguments and a field whose place is in its value; raw ones that may write. */
#include "more.h"

struct trace_entry {
  u16 type;
  u8 flags, preempt_count;
  int pid;
};

struct trace_event_raw_sys_enter {
  struct trace_entry entry;
  long id;
  unsigned long args[6];
  char data[];
};

struct sched_process_exec {
  struct trace_entry entry;
  u32 filename_location;
  int pid, old_pid;
  char data[0];
};

struct bpf_raw_tracepoint_args {
  u64 args[0];
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 512);
  OF_TYPE(key, u32);
  OF_TYPE(value, char[64]);
} names SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int on_openat(struct trace_event_raw_sys_enter *context) { return context->args[2] & 1; }

SEC("tp/sched/sched_process_exec")
int on_exec(struct sched_process_exec *context) {
  char name[64] = {};
  u32 pid = context->pid, offset = context->filename_location & 0xffff;
  probe_read_str(name, sizeof(name), (void *)context + offset);
  map_update(&names, &pid, name, 0);
  return 0;
}

SEC("raw_tracepoint/sys_exit")
int on_exit(struct bpf_raw_tracepoint_args *context) { return context->args[1] == 0; }

SEC("raw_tp.w/bpf_test_finish")
int on_writable(struct bpf_raw_tracepoint_args *context) { return context->args[0] != 0; }

char license_text[] SEC("license") = "GPL";
