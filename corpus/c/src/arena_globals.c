/* Globals in an arena, in a section of their own that the loader puts there; lists and casts between address spaces. */
#include "more.h"

#define IN_ARENA __attribute__((address_space(1)))

struct {
  NUMBER(type, ARENA);
  NUMBER(map_flags, MMAPABLE);
  NUMBER(max_entries, 16);
} memory SEC(".maps");

struct entry {
  struct entry IN_ARENA *next;
  u32 value;
};

struct bucket {
  struct entry IN_ARENA *first;
  u64 length;
};

u64 IN_ARENA total;
struct bucket IN_ARENA buckets[16];
static u32 IN_ARENA generation = 3;
void IN_ARENA *volatile latest;

/* On demand: the loader moves the globals into the arena. */
SEC("?syscall")
int arena_globals(void *context) {
  struct bucket IN_ARENA *bucket = &buckets[get_prandom_u32() & 15];
  bucket->length += generation++;
  total += bucket->length;
  latest = bucket->first;
  void *map = &memory;
  OPAQUE(map);
  return map == NULL;
}

char license_text[] SEC("license") = "GPL";
