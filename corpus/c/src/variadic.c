/* Variadic prototypes: of a helper, of a pointer's target, of an extern, of a typedef. */
#include "bpf.h"

typedef int format_t(char *buffer, u32 size, const char *format, ...);

struct printers {
  format_t *to_buffer;
  void (*to_log)(const char *, ...);
};

extern int no_such_printer(const char *format, ...) KSYM WEAK;

struct printers printers;
format_t *volatile current;

SEC("socket")
int variadic(void *context) {
  static const char format[] = "%d %d\n";
  u32 random = get_prandom_u32();
  if (no_such_printer) no_such_printer(format, random, 2, 3);
  return trace_printk(format, sizeof(format), random, random >> 1) + (current == NULL) + (printers.to_log == NULL);
}

char license_text[] SEC("license") = "GPL";
