/* PTR, CONST, VOLATILE, RESTRICT in chains of every order; pointers to pointers and to void. */
#include "bpf.h"

struct node {
  const int constant;
  volatile int changing;
  const volatile int both;
  int *plain;
  const int *to_constant;
  int *const constant_itself;
  const volatile int *const volatile everything;
  int *restrict alone;
  const void *anything;
  void **list;
  const char *const *const words;
  void *const volatile *restrict strange;
};

struct node first = {.constant = 1};
const volatile int knob = 3;
volatile long counter;
const int *pointer_to_constant;
int *const volatile constant_pointer = NULL;

static NOINLINE int use(const struct node *const node, volatile int *restrict number, void *const context) {
  return node->changing + *number + (context != NULL);
}

SEC("socket")
int qualifiers(void *context) {
  volatile int number = knob;
  counter += 2;
  return use(&first, &number, context) + (pointer_to_constant == NULL) + (constant_pointer == NULL);
}

char license_text[] SEC("license") = "GPL";
