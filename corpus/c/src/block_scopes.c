/* Types of one name in different scopes: of the file, of functions, of blocks; static variables of them; an enum inside a struct. */
#include "more.h"

struct entry {
  u32 file_scope;
};
enum { LIMIT = 8 };
struct entry entry;

static NOINLINE u64 first(u32 value) {
  struct entry {
    u64 of_first[2];
  };
  static struct entry entry;
  entry.of_first[value & 1] += value;
  return entry.of_first[0];
}

static NOINLINE u64 second(u32 value) {
  static struct entry {
    u16 of_second;
    enum { SMALL, LARGE } kind;
  } entry;
  if (value > LIMIT) {
    struct entry {
      u8 of_block[3];
    };
    static struct entry kept[2];
    typedef struct entry entry;
    entry *last = &kept[value & 1];
    last->of_block[1]++;
    return last->of_block[1];
  }
  entry.kind = value & 1 ? LARGE : SMALL;
  entry.of_second++;
  OPAQUE_PLACE(entry);
  return entry.of_second + entry.kind;
}

SEC("socket")
int block_scopes(struct __sk_buff *skb) {
  enum { LIMIT = 16 };
  entry.file_scope += LIMIT;
  return first(skb->len) + second(skb->mark);
}

char license_text[] SEC("license") = "GPL";
