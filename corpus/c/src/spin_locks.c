/* A lock in a map's value and in a data section of its own: BTF has meaning for the kernel here. */
#include "bpf.h"

struct bpf_spin_lock {
  u32 value;
};

struct account {
  u64 balance;
  struct bpf_spin_lock lock;
  u32 writes;
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 64);
  OF_TYPE(key, u64);
  OF_TYPE(value, struct account);
} accounts SEC(".maps");

static struct bpf_spin_lock guard SEC(".data.guard");
static u64 guarded SEC(".data.guard");

SEC("tc")
int spin_locks(void *skb) {
  u64 key = get_prandom_u32();
  struct account *account = map_lookup(&accounts, &key);
  if (!account) return 0;
  spin_lock(&account->lock);
  account->balance += 10;
  account->writes++;
  spin_unlock(&account->lock);
  spin_lock(&guard);
  guarded++;
  spin_unlock(&guard);
  return 1;
}

char license_text[] SEC("license") = "GPL";
