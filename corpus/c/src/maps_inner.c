/* Maps of maps: inner definition as a type, static contents, in an array and in a hash; inner value sizes. */
#include "bpf.h"

struct point {
  u32 x, y;
};

struct inner {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 4);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct point);
} first SEC(".maps"), second SEC(".maps");

struct {
  NUMBER(type, ARRAY_OF_MAPS);
  NUMBER(max_entries, 3);
  OF_TYPE(key, u32);
  LIST_OF(values, struct inner);
} outer SEC(".maps") = {.values = {&first, NULL, &second}};

struct {
  NUMBER(type, HASH_OF_MAPS);
  NUMBER(max_entries, 8);
  NUMBER(key_size, sizeof(u64));
  LIST_OF(
      values, struct {
        NUMBER(type, HASH);
        NUMBER(max_entries, 16);
        OF_TYPE(key, struct point);
        OF_TYPE(value, u64);
      });
} by_id SEC(".maps");

SEC("socket")
int maps_inner(void *context) {
  u32 index = 2;
  u64 id = get_prandom_u32();
  struct point point = {1, 2};
  void *map = map_lookup(&outer, &index);
  if (map) {
    struct point *found = map_lookup(map, &index);
    if (found) found->x++;
  }
  map = map_lookup(&by_id, &id);
  return map && map_update(map, &point, &id, 0) == 0;
}

char license_text[] SEC("license") = "GPL";
