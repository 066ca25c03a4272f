/* Iterators over maps and their elements, tasks' files and sockets: contexts of pointers that may be null, results in a sequence file. */
#include "more.h"

struct seq_file;
struct bpf_map;

struct bpf_iter_meta {
  struct seq_file *seq;
  u64 session_id;
  u64 seq_num;
};

struct bpf_iter__bpf_map {
  struct bpf_iter_meta *meta;
  struct bpf_map *map;
};

struct bpf_iter__bpf_map_elem {
  struct bpf_iter_meta *meta;
  struct bpf_map *map;
  void *key;
  void *value;
};

u32 total, elements;
u64 sum;

SEC("iter/bpf_map")
int on_map(struct bpf_iter__bpf_map *context) {
  static const char header[] = "a map\n";
  if (!context->map) return 0;
  if (total++ == 0) seq_write(context->meta->seq, header, sizeof(header) - 1);
  return 0;
}

SEC("iter/bpf_map_elem")
int on_element(struct bpf_iter__bpf_map_elem *context) {
  u32 *key = context->key;
  u64 *value = context->value;
  if (!key || !value) return 0;
  elements++;
  sum += *key + *value;
  return 0;
}

SEC("iter/bpf_prog")
int on_program(u64 *context) { return 0; }

char license_text[] SEC("license") = "GPL";
