/* Callbacks: for bpf_loop, for each element of a map, for a timer; each static, in .text, named by an address. */
#include "bpf.h"

struct bpf_timer {
  u64 opaque[2];
} __attribute__((aligned(8)));

struct element {
  struct bpf_timer timer;
  u64 ticks;
};

struct context {
  u64 sum;
  u32 limit;
};

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 8);
  OF_TYPE(key, u32);
  OF_TYPE(value, struct element);
} elements SEC(".maps");

static long each_index(u64 index, struct context *context) {
  context->sum += index;
  return context->sum > context->limit;
}

static long each_element(void *map, const u32 *key, struct element *value, struct context *context) {
  context->sum += value->ticks + *key;
  return 0;
}

static int on_timer(void *map, u32 *key, struct element *value) {
  value->ticks++;
  return 0;
}

SEC("tc")
int callbacks(void *skb) {
  struct context context = {.limit = 100};
  u32 key = 0;
  loop(16, each_index, &context, 0);
  for_each_map_elem(&elements, each_element, &context, 0);
  struct element *element = map_lookup(&elements, &key);
  if (element && timer_init(&element->timer, &elements, 1) == 0) {
    timer_set_callback(&element->timer, on_timer);
    timer_start(&element->timer, 1000, 0);
  }
  return context.sum & 1;
}

char license_text[] SEC("license") = "GPL";
