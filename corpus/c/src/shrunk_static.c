/* A defect that optimisation brings: statics of which only a part is kept, while their type says the whole. */
#include "bpf.h"

struct state {
  u32 unused;
  u64 kept;
  u32 unused_too[4];
};

static struct state state;
static u32 flag;

SEC("socket")
int shrunk_static(void *context) {
  static struct {
    u32 a;
    u64 b;
  } local;
  local.b += get_prandom_u32();
  state.kept += local.b;
  if (get_prandom_u32() == 3) flag = 1;
  return state.kept + flag;
}

char license_text[] SEC("license") = "GPL";
