/* bpf_throw and an exception callback, which a DECL_TAG on the program names and which must stay global; noreturn externs. */
#include "bpf.h"

extern void bpf_throw(u64 cookie) KSYM;

u64 thrown;

static NOINLINE int check(u32 value) {
  if (value == 7) bpf_throw(value);
  return value + 1;
}

int on_exception(u64 cookie);

SEC("tc")
DECL_TAG("exception_callback:on_exception")
int exceptions(void *skb) { return check(get_prandom_u32()) & 1; }

NOINLINE int on_exception(u64 cookie) {
  thrown += cookie;
  return 0;
}

char license_text[] SEC("license") = "GPL";
