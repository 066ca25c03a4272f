/* Names that are not one to one: aliases, asm labels, static functions and variables named as others, shadowed types. */
#include "bpf.h"

struct box {
  u32 width;
};

u64 shared = 1;
extern u64 same_as_shared __attribute__((alias("shared")));
int other_name asm("label_of_variable") = 2;

NOINLINE int implemented(u32 value) { return value + shared; }
int implemented_again(u32 value) __attribute__((alias("implemented")));
NOINLINE int renamed(u32 value) asm("label_of_function");
NOINLINE int renamed(u32 value) { return value * other_name; }

static NOINLINE int box(struct box *box) {
  struct box {
    u64 depth, height;
  } inner = {box->width, 1};
  typedef struct box box_t;
  box_t *pointer = &inner;
  OPAQUE(pointer);
  return pointer->depth;
}

SEC("socket")
int aliases(void *context) {
  struct box mine = {get_prandom_u32()};
  return implemented_again(1) + renamed(2) + box(&mine) + (int)same_as_shared;
}

char license_text[] SEC("license") = "GPL";
