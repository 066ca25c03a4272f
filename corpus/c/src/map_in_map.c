/* Maps of maps of every kind of inner map: static ones by name, ring buffers, hashes whose inner value is an array of unions. */
#include "more.h"

union reading {
  u32 number;
  float real;
  u8 raw[4];
};

struct ring {
  NUMBER(type, RINGBUF);
  NUMBER(max_entries, 4096);
};

struct ring first SEC(".maps"), second SEC(".maps");

struct {
  NUMBER(type, ARRAY_OF_MAPS);
  NUMBER(max_entries, 2);
  OF_TYPE(key, u32);
  LIST_OF(values, struct ring);
} rings SEC(".maps") = {.values = {[0] = &first, [1] = &second}};

typedef union reading readings_t[4];

struct table {
  NUMBER(type, 9 /* LRU_HASH */);
  NUMBER(max_entries, 8);
  OF_TYPE(key, u16);
  OF_TYPE(value, readings_t);
};

struct {
  NUMBER(type, HASH_OF_MAPS);
  NUMBER(max_entries, 4);
  OF_TYPE(key, char[8]);
  LIST_OF(values, struct table);
} tables SEC(".maps");

SEC("xdp")
int map_in_map(struct xdp_md *xdp) {
  u32 index = xdp->rx_queue_index & 1;
  u16 port = 80;
  char name[8] = "eth0";
  void *ring = map_lookup(&rings, &index);
  if (ring) ringbuf_output(ring, &port, sizeof(port), 0);
  void *table = map_lookup(&tables, name);
  if (!table) return 2;
  union reading *found = map_lookup(table, &port);
  return found && found[3].number ? 1 : 2;
}

char license_text[] SEC("license") = "GPL";
