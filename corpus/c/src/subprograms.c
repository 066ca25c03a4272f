/* FUNC of every linkage: static, global, weak, hidden; in .text and beside a program; unused parameters, void. */
#include "bpf.h"

struct pair {
  u32 a, b;
};

u64 sum;

static NOINLINE u64 private_one(u64 value, const struct pair *pair) { return value * pair->a; }

NOINLINE int global_one(int a, int b) {
  sum += a;
  return a * b;
}

NOINLINE int global_pointer(const struct pair *pair) { return pair ? pair->b : 0; }

WEAK NOINLINE int weak_one(u32 value) {
  sum += value;
  return 1;
}

HIDDEN NOINLINE int hidden_one(u64 value) {
  sum ^= value;
  return (int)value;
}

static NOINLINE void private_void(u32 value) { sum = value; }

static NOINLINE int unused_parameter(int used, int unused, void *unused_too) {
  sum += used;
  return used;
}

SEC("socket")
int subprograms(void *context) {
  struct pair pair = {get_prandom_u32(), 2};
  int result = global_one(3, 4) + global_pointer(&pair) + weak_one(5) + hidden_one(6);
  private_void(7);
  return result + private_one(sum, &pair) + unused_parameter(result, 8, context);
}

SEC("socket")
int subprograms_again(void *context) { return weak_one(1) + unused_parameter(2, 3, NULL); }

char license_text[] SEC("license") = "GPL";
