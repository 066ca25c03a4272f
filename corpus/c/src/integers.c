/* INT: every width and encoding, bool and 128 bits among them, as globals, members and parameters. */
#include "bpf.h"

struct integers {
  char plain;
  signed char with_sign;
  unsigned char without_sign;
  short narrow;
  unsigned short narrow_unsigned;
  int middle;
  unsigned middle_unsigned;
  long wide;
  unsigned long wide_unsigned;
  long long wider;
  unsigned long long wider_unsigned;
  _Bool truth;
  __int128 widest;
  unsigned __int128 widest_unsigned;
};

struct integers all = {.middle = 1};
_Bool flag = 1;
__int128 big = 1;
char letter = 'c';
long count;

static NOINLINE int sum(char a, short b, _Bool c, unsigned long d, int e) { return a + b + c + (int)d + e; }

SEC("socket")
int integers(void *context) {
  all.widest += all.wider;
  all.truth = flag;
  big += letter;
  count++;
  return sum(all.plain, all.narrow, all.truth, all.wide_unsigned, all.middle);
}

char license_text[] SEC("license") = "GPL";
