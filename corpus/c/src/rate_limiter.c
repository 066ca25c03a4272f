/* A limiter of rates: token buckets under a lock in a map's value, refilled by the clock; a global function, wide arithmetic, early returns. */
#include "more.h"

struct bucket {
  struct bpf_spin_lock lock;
  u32 burst;
  u64 tokens, refilled;
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 4096);
  NUMBER(map_flags, NO_PREALLOC);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct bucket);
} buckets SEC(".maps");

const volatile u64 tokens_a_second = 1000;
const volatile u32 burst = 100;
static const u64 second = 1000000000ULL;

u64 passed, held;

static inline u64 refill(u64 tokens, u64 elapsed) {
  u64 fresh = tokens + elapsed * tokens_a_second / second;
  return fresh < burst ? fresh : burst;
}

NOINLINE int allowed(u32 key) {
  struct bucket *bucket = map_lookup(&buckets, &key), fresh = {.burst = burst, .tokens = burst};
  u64 now = ktime_get_ns();
  int result = 0;
  if (!bucket) {
    fresh.refilled = now;
    return map_update(&buckets, &key, &fresh, 1) == 0;
  }
  spin_lock(&bucket->lock);
  bucket->tokens = refill(bucket->tokens, now - bucket->refilled);
  bucket->refilled = now;
  if (bucket->tokens > 0) {
    bucket->tokens--;
    result = 1;
  }
  spin_unlock(&bucket->lock);
  return result;
}

SEC("tc")
int rate_limiter(struct __sk_buff *skb) {
  if (!allowed(skb->ifindex)) {
    held++;
    return 2;
  }
  passed++;
  return 0;
}

char license_text[] SEC("license") = "GPL";
