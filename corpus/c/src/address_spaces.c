/* Pointers into an arena: an address space, of which BTF knows nothing, on pointers, members and a global. */
#include "bpf.h"

#define IN_ARENA __attribute__((address_space(1)))

struct {
  NUMBER(type, ARENA);
  NUMBER(map_flags, MMAPABLE);
  NUMBER(max_entries, 4);
} arena SEC(".maps");

struct node {
  struct node IN_ARENA *next;
  u64 value;
};

extern void IN_ARENA *bpf_arena_alloc_pages(void *map, void IN_ARENA *address, u32 count, int node, u64 flags) KSYM;

struct node IN_ARENA *head;
u64 sum;

SEC("syscall")
int address_spaces(void *context) {
  struct node IN_ARENA *node = bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0);
  if (!node) return 1;
  node->value = 7;
  node->next = head;
  head = node;
  sum += node->value;
  return 0;
}

char license_text[] SEC("license") = "GPL";
