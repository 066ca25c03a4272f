/* Maps with every further attribute: pinning, map_extra as number and as 64-bit enum, numa_node, flags, local storage. */
#include "bpf.h"

struct {
  NUMBER(type, BLOOM_FILTER);
  NUMBER(max_entries, 128);
  OF_TYPE(value, u64);
  NUMBER(map_extra, 5);
} bloom SEC(".maps");

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 32);
  OF_TYPE(key, u32);
  OF_TYPE(value, u32);
  NUMBER(pinning, PIN_BY_NAME);
} c_corpus_pinned SEC(".maps");

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 32);
  OF_TYPE(key, u32);
  OF_TYPE(value, u32);
  NUMBER(map_flags, NO_PREALLOC | WITH_NUMA_NODE);
  NUMBER(numa_node, 0);
  NUMBER(pinning, 0);
} near SEC(".maps");

struct {
  NUMBER(type, ARENA);
  NUMBER(map_flags, MMAPABLE);
  NUMBER(max_entries, 2);
  WIDE_NUMBER(map_extra, 0x1ULL << 44);
} arena SEC(".maps");

struct prefix {
  u32 length;
  u8 address[4];
};

struct {
  NUMBER(type, LPM_TRIE);
  NUMBER(max_entries, 16);
  OF_TYPE(key, struct prefix);
  OF_TYPE(value, u8);
  NUMBER(map_flags, NO_PREALLOC);
} routes SEC(".maps");

struct {
  NUMBER(type, TASK_STORAGE);
  NUMBER(map_flags, NO_PREALLOC);
  OF_TYPE(key, int);
  OF_TYPE(value, struct prefix);
} per_task SEC(".maps");

SEC("raw_tp/sys_enter")
int maps_options(void *context) {
  u32 key = get_prandom_u32();
  u64 word = key;
  struct prefix prefix = {32, {10}};
  map_push(&bloom, &word, 0);
  map_update(&near, &key, &key, 0);
  map_lookup(&c_corpus_pinned, &key);
  map_lookup(&routes, &prefix);
  return 0;
}

char license_text[] SEC("license") = "GPL";
