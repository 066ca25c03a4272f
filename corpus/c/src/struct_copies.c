/* Structs by value: assigned, compared, cleared and copied by builtins, as compound literals, on the stack, out of maps and packets. */
#include "more.h"

struct key {
  u32 a;
  u16 b, c;
};
struct record {
  struct key key;
  u64 words[8];
  struct {
    u8 raw[12];
  } tail;
};
struct large {
  struct record records[4];
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 64);
  OF_TYPE(key, struct key);
  OF_TYPE(value, struct record);
} records SEC(".maps");

struct large large;
struct record last, spare = {.key = {1, 2, 3}};

static inline _Bool same(const struct key *a, const struct key *b) { return __builtin_memcmp(a, b, sizeof(*a)) == 0; }

static NOINLINE void save(const struct record *record, u32 at) {
  large.records[at & 3] = *record;
  last = large.records[(at + 1) & 3];
}

SEC("tc")
int struct_copies(struct __sk_buff *skb) {
  struct record record = {}, *found;
  record.key = (struct key){.a = skb->mark, .b = skb->len};
  __builtin_memset(record.tail.raw, 0xff, sizeof(record.tail.raw));
  found = map_lookup(&records, &record.key);
  if (found) {
    record = *found;
    if (same(&found->key, &spare.key)) __builtin_memcpy(found->words, spare.words, sizeof(spare.words));
  } else {
    map_update(&records, &(struct key){4, 5, 6}, &spare, 0);
  }
  save(&record, skb->mark);
  return last.key.b;
}

char license_text[] SEC("license") = "GPL";
