/* Timers: in a hash's value beside other members, started again by their own callback, cancelled; callbacks of one type. */
#include "more.h"

struct lease {
  u64 owner;
  struct bpf_timer expiry;
  u32 renewals;
};

typedef int on_expiry_t(void *map, int *key, struct lease *lease);

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 64);
  OF_TYPE(key, int);
  OF_TYPE(value, struct lease);
} leases SEC(".maps");

const volatile u64 period = 1000000;
u64 expired;

static int expire(void *map, int *key, struct lease *lease);

static int renew(void *map, int *key, struct lease *lease) {
  if (lease->renewals++ > 3) timer_set_callback(&lease->expiry, expire);
  timer_start(&lease->expiry, period, 0);
  return 0;
}

static int expire(void *map, int *key, struct lease *lease) {
  expired += lease->owner;
  map_delete(map, key);
  return 0;
}

static on_expiry_t *const first = renew;

SEC("tc")
int timers(struct __sk_buff *skb) {
  int key = skb->mark & 63;
  struct lease fresh = {.owner = key}, *lease;
  if (map_update(&leases, &key, &fresh, 1)) {
    if ((lease = map_lookup(&leases, &key))) timer_cancel(&lease->expiry);
    return 0;
  }
  lease = map_lookup(&leases, &key);
  if (!lease || timer_init(&lease->expiry, &leases, 1)) return 0;
  timer_set_callback(&lease->expiry, first);
  return timer_start(&lease->expiry, period, 0);
}

char license_text[] SEC("license") = "GPL";
