/* Externs of .ksyms: typed and untyped variables, functions of the kernel, weak ones that no kernel has. */
#include "bpf.h"

/* As a forward declaration it would not be found to be the same as the kernel's. */
struct rq {
  u32 nr_running;
};

extern const void vfs_read KSYM;
extern const struct rq runqueues KSYM;
extern const int cpu_number KSYM WEAK;
extern const void no_such_symbol KSYM WEAK;
extern const struct rq no_such_struct KSYM WEAK;

extern void bpf_rcu_read_lock(void) KSYM;
extern void bpf_rcu_read_unlock(void) KSYM;
extern int no_such_function(const struct rq *queue, u32 number) KSYM WEAK;
extern u32 other_function(u32) KSYM WEAK;

u64 address;

SEC("tp_btf/sched_switch")
int ksyms(void *context) {
  bpf_rcu_read_lock();
  address = (u64)&vfs_read;
  if (&no_such_symbol) address++;
  if (&no_such_struct) address += 2;
  bpf_rcu_read_unlock();
  if (no_such_function) address += no_such_function(NULL, 7);
  return 0;
}

/* On demand, since not every kernel lists the addresses of its variables. */
SEC("?raw_tp/sched_switch")
int ksyms_typed(void *context) {
  address += (u64)&runqueues;
  if (&cpu_number) address += 3;
  return 0;
}

SEC("tc")
int ksyms_tc(void *context) { return other_function ? (int)other_function(1) : 0; }

char license_text[] SEC("license") = "GPL";
