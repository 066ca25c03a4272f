/* Arguments of system calls kept from entry to exit: a map by thread, text from user space, a table of names, results that are errors. */
#include "more.h"

HELPER(long, probe_read_user_str, 114, void *to, u32 size, const void *from);

struct trace_event_enter {
  u64 common;
  int number;
  u32 pad;
  const void *arguments[6];
};
struct trace_event_exit {
  u64 common;
  int number;
  u32 pad;
  long result;
};

struct call {
  const char *path;
  int flags;
  u16 mode;
};
struct opened {
  char path[128];
  int flags, result;
  u64 thread;
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 10240);
  OF_TYPE(key, u64);
  OF_TYPE(value, struct call);
} calls SEC(".maps");

struct {
  NUMBER(type, PERF_EVENT_ARRAY);
  OF_TYPE(key, int);
  OF_TYPE(value, u32);
} output SEC(".maps");

const volatile _Bool only_failures = 1;

static inline int leave(void *context, long result) {
  u64 thread = get_current_pid_tgid();
  struct call *call = map_lookup(&calls, &thread);
  if (!call) return 0;
  struct opened opened = {.flags = call->flags, .result = result, .thread = thread};
  if (result < 0 || !only_failures) {
    probe_read_user_str(opened.path, sizeof(opened.path), call->path);
    perf_event_output(context, &output, 0xffffffffULL, &opened, sizeof(opened));
  }
  map_delete(&calls, &thread);
  return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int on_enter(struct trace_event_enter *context) {
  u64 thread = get_current_pid_tgid();
  struct call call = {.path = context->arguments[1], .flags = (long)context->arguments[2], .mode = 0644};
  map_update(&calls, &thread, &call, 0);
  return 0;
}

SEC("tracepoint/syscalls/sys_exit_openat")
int on_exit(struct trace_event_exit *context) { return leave(context, context->result); }

SEC("tracepoint/syscalls/sys_exit_open")
int on_old_exit(struct trace_event_exit *context) { return leave(context, context->result); }

char license_text[] SEC("license") = "GPL";
