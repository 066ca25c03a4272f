/* Inline assembly: operands, clobbers, branches within, asm goto, instructions that C has no words for, a naked function. */
#include "more.h"

u64 stored, compared;

static NOINLINE u64 swapped(u64 value) {
  asm volatile("%[value] = be64 %[value]" : [value] "+r"(value));
  return value;
}

static NOINLINE int bounded(u64 value, u64 limit) {
  asm goto("if %[value] > %[limit] goto %l[above]" : : [value] "r"(value), [limit] "r"(limit) : : above);
  return 1;
above:
  compared++;
  return 0;
}

static __attribute__((naked, noinline)) u64 seven(void) {
  asm volatile("r0 = 7; exit;");
}

SEC("tc")
int assembly(struct __sk_buff *skb) {
  u64 value = skb->len, *place = &stored;
  asm volatile(
      "r2 = *(u64 *)(%[place] + 0);"
      "r2 += %[value];"
      "if r2 < 10 goto +1;"
      "r2 = 10;"
      "*(u64 *)(%[place] + 0) = r2;"
      :
      : [place] "r"(place), [value] "r"(value)
      : "r2", "memory"
  );
  return bounded(swapped(value), 1 << 20) + seven();
}

char license_text[] SEC("license") = "GPL";
