/* Externs of both sections between definitions, declared twice, inside a function, weak and strong, used in another order. */
#include "more.h"

u32 before = 4;
extern u32 CONFIG_HZ KCONFIG;
extern const void init_task KSYM WEAK;
extern const void init_task KSYM WEAK;
static u64 between;
extern _Bool LINUX_HAS_BPF_COOKIE KCONFIG WEAK;
extern void bpf_rcu_read_unlock(void) KSYM;
extern void bpf_rcu_read_lock(void) KSYM;
u64 after[2];
extern unsigned int LINUX_KERNEL_VERSION KCONFIG;

SEC("tp_btf/sys_enter")
int externs_mixed(u64 *context) {
  extern char CONFIG_LOCALVERSION[8] KCONFIG WEAK;
  bpf_rcu_read_lock();
  after[1] = LINUX_KERNEL_VERSION;
  bpf_rcu_read_unlock();
  between += before + CONFIG_HZ;
  if (&init_task) between++;
  return LINUX_HAS_BPF_COOKIE + CONFIG_LOCALVERSION[0] > 300;
}

char license_text[] SEC("license") = "GPL";
