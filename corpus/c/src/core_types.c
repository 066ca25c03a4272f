/* CO-RE kinds 6 to 9 and 12: ids of types here and in the kernel; existence, size and match of every kind of type. */
#include "bpf.h"
#include "core.h"

struct list_head {
  struct list_head *next, *prev;
};

struct no_such_struct {
  u64 here;
};

union nf_inet_addr {
  u32 all[4];
};

enum bpf_map_type { BPF_MAP_TYPE_UNSPEC, BPF_MAP_TYPE_HASH };
typedef unsigned int gfp_t;
typedef int (*initcall_t)(void);
typedef struct {
  u32 left;
} local_only_t;

struct task_struct;

u64 ids[8];
u32 there;

SEC("socket")
int core_types(void *context) {
  ids[0] = LOCAL_TYPE_ID(struct list_head);
  ids[1] = LOCAL_TYPE_ID(local_only_t) + LOCAL_TYPE_ID(int) + LOCAL_TYPE_ID(struct list_head *);
  ids[2] = KERNEL_TYPE_ID(struct list_head);
  ids[3] = TYPE_EXISTS(struct no_such_struct) ? KERNEL_TYPE_ID(struct no_such_struct) : 0;
  there = TYPE_EXISTS(union nf_inet_addr) + TYPE_EXISTS(enum bpf_map_type) * 2 + TYPE_EXISTS(gfp_t) * 4;
  there += TYPE_EXISTS(initcall_t) * 8 + TYPE_EXISTS(struct no_such_struct) * 16;
  ids[4] = TYPE_SIZE(struct list_head) + TYPE_SIZE(gfp_t) + TYPE_SIZE(struct no_such_struct);
  ids[5] = TYPE_MATCHES(struct list_head) + TYPE_MATCHES(struct no_such_struct);
  return 0;
}

char license_text[] SEC("license") = "GPL";
