/* A program's settings in .rodata, as a skeleton sets them before loading: structs, arrays, text, unions, ranges, all const volatile. */
#include "more.h"

enum level { QUIET, NORMAL, LOUD };

struct filter {
  u32 address, mask;
  struct {
    u16 low, high;
  } ports;
};

const volatile struct {
  enum level level;
  _Bool enabled;
  u32 sampling;
  struct filter filters[4];
  char interface[16];
} config = {.level = NORMAL, .enabled = 1, .sampling = 10, .interface = "eth0"};

const volatile u32 limits[3] = {10, 100, 1000};
const volatile u64 started_at = 0;
const volatile char prefix[] = "app";
const volatile union {
  u64 whole;
  u8 bytes[8];
} salt = {.whole = 0x1122334455667788ULL};
static volatile const u16 private_limit = 7;
const u32 fixed[] = {[3] = 9, [1] = 4};

u64 matches[4], skipped;

SEC("tc")
int configured(struct __sk_buff *skb) {
  if (!config.enabled || config.level == QUIET) return 0;
  if (config.sampling && get_prandom_u32() % config.sampling) {
    skipped++;
    return 0;
  }
  for (int i = 0; i < 4; i++) {
    if ((skb->mark & config.filters[i].mask) != config.filters[i].address) continue;
    if (skb->tc_index >= config.filters[i].ports.low) matches[i] += limits[2] > private_limit;
  }
  return salt.bytes[skb->mark & 7] + prefix[0] + fixed[skb->mark & 3] + (started_at != 0);
}

char license_text[] SEC("license") = "GPL";
