/* Programs that are loaded only when asked for: they need a target, a trampoline or a hook that not every kernel has. */
#include "more.h"

struct file;
struct linux_binprm;
struct sock;

u64 calls[8];

SEC("?fentry.s/bpf_modify_return_test")
int on_entry(u64 *context) {
  calls[0]++;
  return 0;
}

SEC("?fmod_ret/bpf_modify_return_test")
int on_modify(u64 *context) { return (int)context[0] == 1 ? -1 : 0; }

SEC("?fexit.s/bpf_modify_return_test")
int on_exit(u64 *context) {
  u64 argument;
  if (get_func_arg(context, 0, &argument) == 0) calls[1] += argument;
  return 0;
}

SEC("?lsm.s/bprm_committed_creds")
void on_exec(u64 *context) { calls[2] += context[0] != 0; }

SEC("?lsm_cgroup/socket_bind")
int on_bind(u64 *context) { return 1; }

SEC("?freplace/verdict")
int replacement(struct xdp_md *xdp) { return xdp->data == xdp->data_end ? 1 : 2; }

SEC("?uprobe.multi//proc/self/exe:*")
int on_all(void *registers) { return 0; }

SEC("?iter.s/task")
int on_task(u64 *context) { return 0; }

SEC("?perf_event")
int on_sample(void *sample) { return calls[3]++ & 1; }

char license_text[] SEC("license") = "GPL";
