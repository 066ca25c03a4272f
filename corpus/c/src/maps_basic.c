/* Maps with key and value types: hash, LRU, array, per processor; named and nameless definitions, one type for two maps. */
#include "bpf.h"

struct key {
  u32 address;
  u16 port;
  u16 pad;
};

struct value {
  u64 packets, bytes;
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 1024);
  OF_TYPE(key, struct key);
  OF_TYPE(value, struct value);
  NUMBER(map_flags, NO_PREALLOC);
} flows SEC(".maps");

struct named_definition {
  NUMBER(type, LRU_HASH);
  NUMBER(max_entries, 64);
  OF_TYPE(key, u64);
  OF_TYPE(value, u32);
};
struct named_definition recent SEC(".maps"), older SEC(".maps");

struct {
  NUMBER(type, PERCPU_ARRAY);
  NUMBER(max_entries, 2);
  OF_TYPE(key, int);
  OF_TYPE(value, struct value);
} totals SEC(".maps"), spare SEC(".maps");

struct {
  NUMBER(type, PERCPU_HASH);
  NUMBER(max_entries, 16);
  OF_TYPE(key, char[16]);
  OF_TYPE(value, u64);
} by_name SEC(".maps");

SEC("xdp")
int maps_basic(void *context) {
  struct key key = {get_prandom_u32(), 80};
  struct value fresh = {1, 60};
  int slot = 1;
  u64 address = key.address;
  char name[16] = "x";
  struct value *value = map_lookup(&flows, &key);
  if (value) value->packets++;
  else map_update(&flows, &key, &fresh, 0);
  value = map_lookup(&totals, &slot);
  if (value) value->bytes += 60;
  map_update(&recent, &address, &key.address, 0);
  map_delete(&older, &address);
  map_lookup(&spare, &slot);
  map_update(&by_name, name, &address, 0);
  return 2;
}

char license_text[] SEC("license") = "GPL";
