/* Dynptrs to memory of a map and to a record of a ring buffer: opaque structs with an alignment, records of changing length. */
#include "more.h"

struct record {
  u32 length;
  u8 data[];
};

struct {
  NUMBER(type, RINGBUF);
  NUMBER(max_entries, 8192);
} records SEC(".maps");

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 1);
  OF_TYPE(key, u32);
  OF_TYPE(value, u8[256]);
} scratch SEC(".maps");

u64 lost;

SEC("tc")
int to_ringbuf(struct __sk_buff *skb) {
  struct bpf_dynptr pointer;
  u32 length = skb->len & 127;
  struct record head = {length};
  if (ringbuf_reserve_dynptr(&records, sizeof(head) + length, 0, &pointer)) {
    lost++;
    ringbuf_discard_dynptr(&pointer, 0);
    return 0;
  }
  dynptr_write(&pointer, 0, &head, sizeof(head), 0);
  ringbuf_submit_dynptr(&pointer, 0);
  return 0;
}

SEC("raw_tp/sys_enter")
int to_map(void *context) {
  struct bpf_dynptr pointer;
  u32 key = 0;
  u8 *memory = map_lookup(&scratch, &key);
  if (!memory || dynptr_from_mem(memory, 256, 0, &pointer)) return 0;
  u32 *word = dynptr_data(&pointer, 16, sizeof(*word));
  if (word) *word = get_prandom_u32();
  return 0;
}

char license_text[] SEC("license") = "GPL";
