/* Latencies between two tracepoints in powers of two: a map of starts, a static function of logarithms, slots under a struct key. */
#include "more.h"

#define SLOTS 26

struct histogram_key {
  u32 command_flags;
  u64 device;
};

struct histogram {
  u32 slots[SLOTS];
  char command[16];
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 10240);
  OF_TYPE(key, u64);
  OF_TYPE(value, u64);
} started SEC(".maps");

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 256);
  OF_TYPE(key, struct histogram_key);
  OF_TYPE(value, struct histogram);
} histograms SEC(".maps");

const volatile _Bool in_milliseconds = 0;
const volatile u64 least = 0;

static struct histogram empty;

static inline __attribute__((always_inline)) u64 log2(u32 value) {
  u32 result = (value > 0xffff) << 4, shift;
  value >>= result;
  shift = (value > 0xff) << 3;
  value >>= shift;
  result |= shift;
  shift = (value > 0xf) << 2;
  value >>= shift;
  result |= shift;
  shift = (value > 0x3) << 1;
  value >>= shift;
  return result | shift | value >> 1;
}

static inline __attribute__((always_inline)) u64 log2_of_long(u64 value) {
  u32 high = value >> 32;
  return high ? log2(high) + 32 : log2(value);
}

SEC("raw_tp/block_rq_issue")
int on_issue(u64 *context) {
  u64 request = context[0], now = ktime_get_ns();
  map_update(&started, &request, &now, 0);
  return 0;
}

SEC("raw_tp/block_rq_complete")
int on_complete(u64 *context) {
  u64 request = context[0], slot, *start = map_lookup(&started, &request);
  struct histogram_key key = {.device = request >> 12};
  if (!start) return 0;
  s64 delta = (s64)(ktime_get_ns() - *start);
  if (delta < 0) goto forget;
  delta = (u64)delta / (in_milliseconds ? 1000000U : 1000U);
  if ((u64)delta < least) goto forget;
  struct histogram *histogram = map_lookup(&histograms, &key);
  if (!histogram) {
    map_update(&histograms, &key, &empty, 0);
    histogram = map_lookup(&histograms, &key);
    if (!histogram) goto forget;
    get_current_comm(histogram->command, sizeof(histogram->command));
  }
  slot = log2_of_long(delta);
  if (slot >= SLOTS) slot = SLOTS - 1;
  __sync_fetch_and_add(&histogram->slots[slot], 1);
forget:
  map_delete(&started, &request);
  return 0;
}

char license_text[] SEC("license") = "GPL";
