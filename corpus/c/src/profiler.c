/* A profiler: stack identifiers as part of a key, a STACK_TRACE map sized by a struct, events to user space by a perf buffer. */
#include "more.h"

#define DEPTH 127

struct sample_key {
  u32 pid;
  s32 user_stack, kernel_stack;
  char command[16];
};

typedef u64 stack_t[DEPTH];

struct {
  NUMBER(type, STACK_TRACE);
  NUMBER(max_entries, 1024);
  NUMBER(key_size, sizeof(u32));
  NUMBER(value_size, sizeof(stack_t));
} stacks SEC(".maps");

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 1024);
  OF_TYPE(key, struct sample_key);
  OF_TYPE(value, u64);
} samples SEC(".maps");

struct {
  NUMBER(type, PERF_EVENT_ARRAY);
  NUMBER(key_size, sizeof(int));
  NUMBER(value_size, sizeof(int));
} events SEC(".maps");

struct bpf_perf_event_data {
  u64 registers[21];
  u64 sample_period, address;
};

SEC("perf_event")
int profiler(struct bpf_perf_event_data *data) {
  struct sample_key key = {.pid = get_current_pid_tgid() >> 32};
  u64 zero = 0, *count;
  key.user_stack = get_stackid(data, &stacks, 256);
  key.kernel_stack = get_stackid(data, &stacks, 0);
  get_current_comm(key.command, sizeof(key.command));
  count = map_lookup(&samples, &key);
  if (!count) {
    map_update(&samples, &key, &zero, 1);
    perf_event_output(data, &events, 0xffffffffULL, &key, sizeof(key));
    return 0;
  }
  *count += data->sample_period;
  return 0;
}

char license_text[] SEC("license") = "GPL";
