/* One macro for many maps, as libraries have them: functions made for each, lookups or inserts, a value that the program alone knows. */
#include "more.h"

#define DEFINE_CACHE(name, key_type, value_type, entries)                             \
  struct {                                                                            \
    NUMBER(type, 9 /* LRU_HASH */);                                                   \
    NUMBER(max_entries, entries);                                                     \
    OF_TYPE(key, key_type);                                                           \
    OF_TYPE(value, value_type);                                                       \
  } name##_cache SEC(".maps");                                                        \
  static NOINLINE value_type *name##_of(const key_type *key) {                        \
    static const value_type empty;                                                    \
    value_type *value = map_lookup(&name##_cache, key);                               \
    if (value) return value;                                                          \
    map_update(&name##_cache, key, &empty, 1);                                        \
    return map_lookup(&name##_cache, key);                                            \
  }

struct user {
  u32 uid;
  u64 first_seen;
};
struct address {
  u8 bytes[16];
};

DEFINE_CACHE(user, u32, struct user, 128)
DEFINE_CACHE(host, struct address, u64, 256)
DEFINE_CACHE(port, u16, u32, 64)

SEC("tc")
int generic_maps(struct __sk_buff *skb) {
  u32 uid = skb->mark;
  u16 port = skb->tc_index;
  struct address address = {{1, 2, 3}};
  struct user *user = user_of(&uid);
  u64 *host = host_of(&address);
  u32 *count = port_of(&port);
  if (user && !user->first_seen) user->first_seen = ktime_get_ns();
  if (host) ++*host;
  return count ? (int)++*count & 1 : 0;
}

char license_text[] SEC("license") = "GPL";
