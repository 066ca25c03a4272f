/* Atomic types and operations: _Atomic globals, members and parameters, whose wrapper BTF leaves out; __sync builtins. */
#include "bpf.h"

struct shared {
  _Atomic int ready;
  _Atomic(u64) total;
  _Atomic u32 *elsewhere;
  u64 plain;
};

_Atomic int counter;
_Atomic u64 table[4];
_Atomic(struct shared *) owner;
struct shared shared;
typedef _Atomic u32 atomic_t;
atomic_t named = 1;

static NOINLINE u64 bump(_Atomic u64 *slot, u64 by) { return __c11_atomic_fetch_add(slot, by, __ATOMIC_SEQ_CST); }

/* mcpu=v3 has no atomic loads: the places are read as what they hold. */
static NOINLINE struct shared *owner_seen(void) {
  return *(volatile u32 *)&named == 2 ? NULL : *(struct shared *volatile *)&owner;
}

SEC("socket")
int atomics(void *context) {
  u32 random = get_prandom_u32();
  __sync_fetch_and_add(&shared.plain, random);
  __sync_fetch_and_or(&shared.plain, 1);
  __c11_atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
  u64 old = bump(&table[random & 3], 2) + bump(&shared.total, 3);
  __sync_val_compare_and_swap(&shared.plain, old, random);
  return (int)__sync_lock_test_and_set(&shared.plain, 0) + (owner_seen() == NULL);
}

char license_text[] SEC("license") = "GPL";
