/* A work queue in a map's value: kfuncs with hidden arguments, a callback in .text whose address a kfunc takes. */
#include "more.h"

struct bpf_wq {
  u64 opaque[2];
} __attribute__((aligned(8)));

struct job {
  struct bpf_wq work;
  u64 times;
};

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 4);
  OF_TYPE(key, int);
  OF_TYPE(value, struct job);
} jobs SEC(".maps");

extern int bpf_wq_init(struct bpf_wq *queue, void *map, u32 flags) KSYM WEAK;
extern int bpf_wq_start(struct bpf_wq *queue, u32 flags) KSYM WEAK;
extern int bpf_wq_set_callback_impl(
    struct bpf_wq *queue, int(callback)(void *map, int *key, void *value), u32 flags, void *hidden
) KSYM WEAK;

static int run(void *map, int *key, void *value) {
  struct job *job = value;
  job->times += *key;
  return 0;
}

SEC("?tc")
int work_queues(struct __sk_buff *skb) {
  int key = 2;
  struct job *job = map_lookup(&jobs, &key);
  if (!job || bpf_wq_init(&job->work, &jobs, 0)) return 0;
  if (bpf_wq_set_callback_impl(&job->work, run, 0, NULL)) return 0;
  return bpf_wq_start(&job->work, 0);
}

char license_text[] SEC("license") = "GPL";
