/* Atomics by every builtin: __sync and __atomic, fetch and not, exchange and compare, on both widths; _Atomic members and arrays. */
#include "more.h"

struct shared {
  _Atomic u32 readers;
  u64 owner;
  _Atomic(struct shared *) next;
  _Atomic s64 balance[2];
};

struct shared shared;
u64 added, exchanged;
u32 flags, state;
_Atomic u64 total = 1;
volatile _Atomic u32 *watched;

SEC("raw_tp/sys_enter")
int atomic_operations(u64 *context) {
  u32 expected = 3;
  u64 number = context[1];
  __sync_fetch_and_add(&added, number);
  u64 before = __sync_fetch_and_add(&shared.owner, 1);
  __sync_fetch_and_or(&flags, 1);
  __sync_fetch_and_and(&flags, ~2u);
  u32 old = __sync_fetch_and_xor(&flags, 4);
  exchanged = __sync_lock_test_and_set(&shared.owner, number);
  __sync_val_compare_and_swap(&state, expected, 5);
  __atomic_compare_exchange_n(&shared.owner, &before, 9, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  shared.readers++;
  shared.balance[1] -= 2;
  total += old;
  return watched != NULL;
}

char license_text[] SEC("license") = "GPL";
