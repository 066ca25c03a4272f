/* Keys and values of every kind of type: union, enum, array, typedef, pointer, nameless struct, with bit fields, nested. */
#include "bpf.h"

union address {
  u32 four;
  u8 six[16];
};
enum direction { IN, OUT };
typedef struct {
  union address from;
  enum direction direction : 8;
} flow_t;
struct node {
  struct node *next;
  const char *label;
  flow_t flow;
  struct {
    u32 a;
  } inner[2];
};
typedef const u64 fixed_t;

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 8);
  OF_TYPE(key, union address);
  OF_TYPE(value, enum direction);
} unions SEC(".maps");

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 8);
  OF_TYPE(key, flow_t);
  OF_TYPE(value, struct node);
} flows SEC(".maps");

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 8);
  OF_TYPE(key, u8[3][2]);
  OF_TYPE(value, struct node *);
} pointers SEC(".maps");

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 8);
  OF_TYPE(key, int);
  OF_TYPE(value, struct {
    u32 hits;
    fixed_t limit;
  });
} nameless SEC(".maps");

struct {
  OF_TYPE(value, __int128);
  NUMBER(max_entries, 8);
  OF_TYPE(key, _Bool);
  NUMBER(type, HASH);
} unordered SEC(".maps");

SEC("socket")
int maps_types(void *context) {
  union address address = {get_prandom_u32()};
  flow_t flow = {address, OUT};
  enum direction *direction = map_lookup(&unions, &address);
  struct node *node = map_lookup(&flows, &flow);
  _Bool key = direction != NULL;
  map_lookup(&pointers, address.six);
  map_delete(&nameless, &flow);
  return node && node->inner[1].a && map_lookup(&unordered, &key);
}

char license_text[] SEC("license") = "GPL";
