/* Maps with a value a processor: array, hash, least recently used; sums over processors, 64-bit counters, values of odd size. */
#include "more.h"

struct counters {
  u64 packets, bytes;
  u32 errors;
} __attribute__((aligned(8)));

struct {
  NUMBER(type, PERCPU_ARRAY);
  NUMBER(max_entries, 4);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct counters);
} by_verdict SEC(".maps");

struct {
  NUMBER(type, PERCPU_HASH);
  NUMBER(max_entries, 128);
  OF_TYPE(key, u64);
  OF_TYPE(value, u64);
} by_cookie SEC(".maps");

struct {
  NUMBER(type, LRU_PERCPU_HASH);
  NUMBER(max_entries, 128);
  OF_TYPE(key, u8[6]);
  OF_TYPE(value, char[24]);
} by_address SEC(".maps");

SEC("tc")
int maps_per_cpu(struct __sk_buff *skb) {
  u32 verdict = skb->mark & 3;
  u64 cookie = get_socket_cookie(skb), one = 1, sum = 0;
  struct counters *counters = map_lookup(&by_verdict, &verdict);
  if (counters) {
    counters->packets++;
    counters->bytes += skb->len;
  }
  for (u32 cpu = 0; cpu < 4; cpu++) {
    struct counters *of_cpu = map_lookup_percpu(&by_verdict, &verdict, cpu);
    if (of_cpu) sum += of_cpu->packets;
  }
  map_update(&by_cookie, &cookie, &one, 0);
  u8 address[6] = {1};
  return map_lookup(&by_address, address) && sum > 100 ? 2 : 0;
}

char license_text[] SEC("license") = "GPL";
