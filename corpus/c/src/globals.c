/* DATASEC .data, .bss, .rodata as a skeleton shows them; configuration in `const volatile`, counters, structs, weak ones. */
#include "bpf.h"

struct settings {
  u32 pid;
  _Bool verbose;
  char filter[16];
};

const volatile u32 target_pid = 0;
const volatile _Bool verbose = 1;
const volatile struct settings settings = {.pid = 1, .filter = "all"};
const u64 fixed_table[4] = {1, 2, 3, 4};

int initialised = 42;
struct settings current = {.pid = 7};
static int private_data = 5;

u64 hits;
u64 per_kind[8];
static u32 private_bss;

WEAK int weak_data = 9;
WEAK int weak_bss;
HIDDEN int hidden_data = 3;
HIDDEN u64 hidden_bss;

SEC("tracepoint/syscalls/sys_enter_getpid")
int globals(void *context) {
  u32 pid = get_current_pid_tgid() >> 32;
  if (target_pid && pid != target_pid) return 0;
  hits++;
  per_kind[pid & 7] += fixed_table[pid & 3];
  private_data += initialised + weak_data;
  private_bss += hidden_data;
  hidden_bss += weak_bss++;
  current.verbose = verbose && settings.verbose;
  return private_data + private_bss;
}

char license_text[] SEC("license") = "GPL";
