/* Maps without keys: queue, stack, bloom filter with its number of hashes; values of a typedef of a struct without name. */
#include "more.h"

typedef struct {
  u32 id;
  u16 port, flags;
} task_t;

struct {
  NUMBER(type, QUEUE);
  NUMBER(max_entries, 32);
  OF_TYPE(value, task_t);
} waiting SEC(".maps");

struct {
  NUMBER(type, STACK);
  NUMBER(max_entries, 32);
  OF_TYPE(value, task_t);
} done SEC(".maps");

struct {
  NUMBER(type, BLOOM_FILTER);
  NUMBER(max_entries, 1000);
  NUMBER(map_extra, 3);
  OF_TYPE(value, u32);
} known SEC(".maps");

SEC("xdp")
int queues(struct xdp_md *xdp) {
  task_t task = {.id = xdp->ingress_ifindex, .port = 80};
  if (map_peek(&known, &task.id) == 0) return 2;
  map_push(&known, &task.id, 0);
  map_push(&waiting, &task, 2);
  if (map_pop(&waiting, &task) == 0) map_push(&done, &task, 0);
  return 2;
}

char license_text[] SEC("license") = "GPL";
