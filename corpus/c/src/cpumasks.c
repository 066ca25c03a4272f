/* Kernel objects that a program owns: cpumasks by kfuncs, kept in a map by a tagged pointer, under a lock of read-copy-update. */
#include "more.h"

struct cpumask {
  unsigned long bits[128];
};
struct bpf_cpumask {
  struct cpumask mask;
  struct {
    int counter;
  } usage;
};

struct slot {
  struct bpf_cpumask TYPE_TAG("kptr") *mask;
};

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 1);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct slot);
} masks SEC(".maps");

extern struct bpf_cpumask *bpf_cpumask_create(void) KSYM;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) KSYM;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *mask) KSYM;
extern _Bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *mask) KSYM;
extern void bpf_rcu_read_lock(void) KSYM;
extern void bpf_rcu_read_unlock(void) KSYM;

u32 hits;

SEC("tp_btf/task_newtask")
int cpumasks(u64 *context) {
  u32 key = 0, cpu = get_smp_processor_id();
  struct slot *slot = map_lookup(&masks, &key);
  if (!slot) return 0;
  struct bpf_cpumask *mask = bpf_cpumask_create();
  if (!mask) return 0;
  bpf_cpumask_set_cpu(cpu, mask);
  if (bpf_cpumask_test_cpu(0, (struct cpumask *)mask)) hits++;
  mask = kptr_exchange(&slot->mask, mask);
  if (mask) bpf_cpumask_release(mask);
  bpf_rcu_read_lock();
  mask = slot->mask;
  if (mask && bpf_cpumask_test_cpu(cpu, (const struct cpumask *)mask)) hits += 2;
  bpf_rcu_read_unlock();
  return 0;
}

char license_text[] SEC("license") = "GPL";
