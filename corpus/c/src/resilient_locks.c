/* Locks that give up: kfuncs whose flags come as a pointer to a word, beside the members that they guard. */
#include "more.h"

struct bpf_res_spin_lock {
  u32 value;
} __attribute__((aligned(4)));

extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) KSYM WEAK;
extern void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock) KSYM WEAK;
extern int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, unsigned long *flags) KSYM WEAK;
extern void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, unsigned long *flags) KSYM WEAK;

struct guarded {
  u64 value;
  struct bpf_res_spin_lock lock;
};

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 8);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct guarded);
} table SEC(".maps");

u64 failures;

SEC("?tc")
int resilient_locks(struct __sk_buff *skb) {
  u32 key = skb->mark & 7;
  struct guarded *guarded = map_lookup(&table, &key);
  if (!guarded) return 0;
  if (bpf_res_spin_lock(&guarded->lock)) {
    failures++;
    return 0;
  }
  guarded->value++;
  bpf_res_spin_unlock(&guarded->lock);
  return 0;
}

SEC("?tc")
int with_interrupts_off(struct __sk_buff *skb) {
  unsigned long flags;
  u32 key = skb->hash & 7;
  struct guarded *guarded = map_lookup(&table, &key);
  if (!guarded || bpf_res_spin_lock_irqsave(&guarded->lock, &flags)) return 1;
  guarded->value--;
  bpf_res_spin_unlock_irqrestore(&guarded->lock, &flags);
  return 0;
}

char license_text[] SEC("license") = "GPL";
