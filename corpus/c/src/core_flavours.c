/* CO-RE in subprograms, callbacks and several sections; flavours, typedefs and qualifiers as roots; builtin and attribute. */
#include "bpf.h"
#include "core.h"

struct net_device {
  int ifindex;
  char name[16];
} RELOCATED;

struct sk_buff {
  struct net_device *dev;
  u32 len, data_len;
} RELOCATED;

typedef struct sk_buff buffer_t;

struct net_device___renamed {
  u64 imaginary;
  struct {
    struct {
      u32 depth;
    };
  } parts[2];
} RELOCATED;

struct plain {
  u32 a, b[4];
};

u64 sum;

static NOINLINE u32 index_of(const struct sk_buff *buffer) {
  struct net_device *device = NULL;
  int index = 0;
  probe_read_kernel(&device, sizeof(device), &buffer->dev);
  probe_read_kernel(&index, sizeof(index), &device->ifindex);
  return index;
}

static long each(u64 index, struct sk_buff *const *buffer) {
  u32 length = 0;
  probe_read_kernel(&length, sizeof(length), &(*buffer)->len);
  sum += length;
  return 0;
}

SEC("tp_btf/netif_receive_skb")
int core_typed(u64 *context) {
  struct sk_buff *buffer = (void *)context[0];
  loop(2, each, &buffer, 0);
  return 0;
}

SEC("kprobe/__netif_receive_skb_core")
int core_kprobe(void *context) {
  const volatile struct net_device___renamed *device = NULL;
  buffer_t *buffer = NULL;
  struct plain *plain = NULL;
  sum += index_of(buffer);
  /* The kernel has no typedef of this name, so it has no field of it. */
  if (FIELD_EXISTS(buffer->data_len)) sum++;
  if (FIELD_EXISTS(device->imaginary)) sum++;
  sum += FIELD_EXISTS(device->parts[1].depth);
  if (TYPE_EXISTS(struct plain)) sum += (u64)__builtin_preserve_access_index(&plain->b[2]) & 1;
  return 0;
}

char license_text[] SEC("license") = "GPL";
