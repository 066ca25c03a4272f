/* String literals in .rodata.str1.1, arrays of char, wide strings, constants without a name, tables in .rodata.cst. */
#include "bpf.h"

const char greeting[] = "hello";
char buffer[32] = "changing";
const volatile char knob[8] = "eth0";
const char *title = "title in .data";
const int wide[] = L"wide";
const u16 sixteen[] = u"sixteen";

static NOINLINE u32 shape(u32 index) {
  const u8 table[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
  return table[index & 15];
}

SEC("socket")
int strings(void *context) {
  u32 random = get_prandom_u32();
  trace_printk("%s\n", 4, greeting);
  trace_printk("random %u, shape %u\n", 21, random, shape(random));
  buffer[random & 31] = knob[random & 7];
  return wide[random & 3] + sixteen[random & 7] + (title != NULL);
}

char license_text[] SEC("license") = "GPL";
