/* Storage beside sockets, tasks, inodes and control groups: maps without max_entries, a value with a pointer to another value. */
#include "more.h"

struct sock_state {
  u64 bytes;
  u32 retries;
};
struct task_state {
  u64 started;
  struct sock_state sockets[2];
};

#define STORAGE(kind, value_type)      \
  struct {                             \
    NUMBER(type, kind);                \
    NUMBER(map_flags, NO_PREALLOC);    \
    OF_TYPE(key, int);                 \
    OF_TYPE(value, value_type);        \
  }

STORAGE(SK_STORAGE, struct sock_state) of_sockets SEC(".maps");
STORAGE(TASK_STORAGE, struct task_state) of_tasks SEC(".maps");
STORAGE(INODE_STORAGE, u64) of_inodes SEC(".maps");
STORAGE(CGROUP_STORAGE, struct { u32 limit; u32 used; }) of_groups SEC(".maps");

struct bpf_sock {
  u32 bound_dev_if, family;
};

SEC("cgroup/sock_create")
int on_socket(struct bpf_sock *socket) {
  struct sock_state *state = sk_storage_get(&of_sockets, socket, NULL, 1);
  if (state) state->retries++;
  return 1;
}

SEC("tp_btf/sched_process_fork")
int on_task(u64 *context) {
  struct task_state *state = task_storage_get(&of_tasks, get_current_task_btf(), NULL, 1);
  if (!state) return 0;
  state->started = ktime_get_ns();
  state->sockets[1].bytes++;
  return 0;
}

SEC("?lsm/inode_unlink")
int on_inode(u64 *context) {
  u64 *count = inode_storage_get(&of_inodes, (void *)context[1], NULL, 1);
  if (count) ++*count;
  return 0;
}

char license_text[] SEC("license") = "GPL";
