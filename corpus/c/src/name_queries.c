/* A parser of DNS questions: labels in bounded loops, hashes of names, big-endian fields, a buffer a processor. */
#include "more.h"
#include "packet.h"

#define LONGEST_NAME 64

struct dns_header {
  u16 id, flags, questions, answers, authorities, additional;
};

struct name {
  u32 length;
  u32 hash;
  char text[LONGEST_NAME];
};


struct {
  NUMBER(type, PERCPU_ARRAY);
  NUMBER(max_entries, 1);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct name);
} scratch SEC(".maps");

struct {
  NUMBER(type, LRU_PERCPU_HASH);
  NUMBER(max_entries, 1000);
  OF_TYPE(key, u32);
  OF_TYPE(value, u64);
} queries SEC(".maps");

INLINE u32 hashed(u32 hash, u8 byte) { return (hash ^ byte) * 16777619u; }

SEC("xdp")
int name_queries(struct xdp_md *xdp) {
  struct cursor cursor = {(void *)(long)xdp->data, (void *)(long)xdp->data_end};
  u32 zero = 0;
  u64 one = 1, *count;
  struct dns_header *dns = take(&cursor, sizeof(*dns));
  if (!dns || NETWORK16(dns->questions) != 1) return 2;
  struct name *name = map_lookup(&scratch, &zero);
  if (!name) return 2;
  name->hash = 2166136261u;
  name->length = 0;
  for (u32 i = 0; i < LONGEST_NAME; i++) {
    u8 *byte = take(&cursor, 1);
    if (!byte || *byte == 0) break;
    name->text[i] = *byte;
    name->hash = hashed(name->hash, *byte);
    name->length++;
  }
  count = map_lookup(&queries, &name->hash);
  if (count) ++*count;
  else map_update(&queries, &name->hash, &one, 0);
  return 2;
}

char license_text[] SEC("license") = "GPL";
