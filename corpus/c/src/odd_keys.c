/* Keys and values of unusual types: enums, typedefs of arrays, unions, bit fields, a struct without name, 128 bits, bool, pointers as numbers. */
#include "more.h"

enum protocol { TCP = 6, UDP = 17 };
typedef u8 mac_t[6];
typedef mac_t macs_t[2];

struct compact {
  u32 vlan : 12;
  u32 priority : 3;
  u32 : 1;
  u32 port : 16;
};

#define MAP(key_type, value_type) \
  struct {                        \
    NUMBER(type, HASH);           \
    NUMBER(max_entries, 16);      \
    OF_TYPE(key, key_type);       \
    OF_TYPE(value, value_type);   \
  }

MAP(enum protocol, mac_t) by_enum SEC(".maps");
MAP(macs_t, _Bool) by_arrays SEC(".maps");
MAP(struct compact, union { u64 number; u8 raw[8]; }) by_bits SEC(".maps");
MAP(struct { u64 high; u64 low; }, unsigned __int128) by_nameless SEC(".maps");
MAP(const u16, volatile u32) by_qualified SEC(".maps");

SEC("xdp")
int odd_keys(struct xdp_md *xdp) {
  enum protocol protocol = xdp->rx_queue_index ? TCP : UDP;
  macs_t macs = {{1}, {2}};
  struct compact compact = {.vlan = 4, .port = 80};
  u64 words[2] = {1, xdp->ingress_ifindex};
  u16 number = 3;
  u8 *mac = map_lookup(&by_enum, &protocol);
  return (mac && mac[1]) + (map_lookup(&by_arrays, macs) != NULL) + (map_lookup(&by_bits, &compact) != NULL) +
         (map_lookup(&by_nameless, words) != NULL) + (map_lookup(&by_qualified, &number) != NULL);
}

char license_text[] SEC("license") = "GPL";
