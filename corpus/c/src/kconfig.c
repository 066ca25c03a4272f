/* Externs of .kconfig: number, tristate, bool, char, string, the kernel's version; weak ones, an absent one. */
#include "bpf.h"

enum libbpf_tristate { TRI_NO, TRI_YES, TRI_MODULE };

extern int LINUX_KERNEL_VERSION KCONFIG;
extern _Bool LINUX_HAS_SYSCALL_WRAPPER KCONFIG;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL KCONFIG WEAK;
extern _Bool CONFIG_SMP KCONFIG WEAK;
extern u32 CONFIG_HZ KCONFIG WEAK;
extern const char CONFIG_DEFAULT_HOSTNAME[16] KCONFIG WEAK;
extern char CONFIG_NO_SUCH_OPTION KCONFIG WEAK;
extern u64 CONFIG_ALSO_ABSENT KCONFIG WEAK;

int ordinary = 1;

SEC("socket")
int kconfig(void *context) {
  int result = ordinary;
  if (LINUX_KERNEL_VERSION < 0x50400) return 0;
  if (CONFIG_BPF_SYSCALL == TRI_YES) result += CONFIG_HZ;
  if (LINUX_HAS_SYSCALL_WRAPPER && CONFIG_SMP) result += CONFIG_DEFAULT_HOSTNAME[1];
  return result + CONFIG_NO_SUCH_OPTION + (int)CONFIG_ALSO_ABSENT;
}

char license_text[] SEC("license") = "GPL";
