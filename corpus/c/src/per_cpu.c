/* A variable of the kernel that each processor has, by .ksyms; tables in .rodata.cst16 and .rodata; pointers in .data. */
#include "bpf.h"
#include "core.h"

struct rule {
  const char *name;
  u32 weight;
  u64 *counter;
};

/* Part of the kernel's struct; read by CO-RE. */
struct rq {
  u32 nr_running;
} RELOCATED;

extern const struct rq runqueues KSYM;

u64 counters[2];
u32 weights[2] = {3, 4};
const u32 order[] = {2, 0, 1};
struct rule rules[2] = {{.name = "first", .weight = 1}, {.name = "second", .weight = 2}};
static const struct {
  u16 id;
  u8 name[6];
} known[] = {{1, "lo"}, {2, "eth0"}};

/* On demand, since not every kernel lists the addresses of its variables. */
SEC("?raw_tp/sys_exit")
int per_cpu(void *context) {
  u32 cpu = get_smp_processor_id();
  const struct rq *here = this_cpu_ptr(&runqueues);
  const struct rq *there = per_cpu_ptr(&runqueues, cpu & 1);
  counters[cpu & 1] += here->nr_running + order[cpu & 1];
  if (there) counters[0] += there->nr_running + known[cpu & 1].id;
  return rules[cpu & 1].weight + weights[0];
}

char license_text[] SEC("license") = "GPL";
