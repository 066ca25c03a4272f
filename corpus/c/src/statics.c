/* Static variables of functions, of the file and of several functions with one name; tentative definitions. */
#include "bpf.h"

int tentative;
int tentative;
u64 tentative_table[];
u64 tentative_table[3];
struct late tentative_struct;
struct late {
  u32 a;
};
extern int declared_before;
int declared_before = 6;

static int counter = 1;
static const char *const names[] = {"one", "two"};

static NOINLINE int first(void) {
  static int counter;
  static const u32 weights[4] = {4, 3, 2, 1};
  counter += get_prandom_u32();
  return counter + weights[counter & 3];
}

static NOINLINE int second(void) {
  static u64 counter = 10;
  {
    static u8 counter;
    counter++;
    OPAQUE_PLACE(counter);
  }
  return counter++;
}

SEC("socket")
int statics(void *context) {
  tentative += counter++;
  tentative_table[1]++;
  tentative_struct.a += declared_before;
  return first() + second() + (names[tentative & 1] != NULL);
}

char license_text[] SEC("license") = "GPL";
