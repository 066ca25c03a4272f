/* Lines that another file claims by #line, as generated code does; a line that comes twice, lines out of order. */
#include "more.h"

u64 counted, generated;

#line 100 "grammar.y"
static NOINLINE u64 from_grammar(u64 value) {
  generated += value;
#line 7 "actions.inc"
  return generated * 3;
}

#line 20 "other_lines.c"
SEC("tc")
int first_claimed(struct __sk_buff *skb) {
  counted += skb->len;
  return from_grammar(counted) & 1;
}

#line 5
SEC("tc")
int second_claimed(struct __sk_buff *skb) {
  counted -= skb->mark;
#line 5
  return from_grammar(skb->mark) > 7;
}

#line 40 "other_lines.c"

char license_text[] SEC("license") = "GPL";
