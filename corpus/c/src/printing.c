/* Output through macros that keep each format in a static array of its block, and arguments in an array of 64-bit words. */
#include "more.h"

HELPER(long, trace_vprintk, 177, const char *format, u32 size, const void *data, u32 length);

#define PRINT(text, ...)                                \
  ({                                                    \
    static const char ____format[] = text;              \
    trace_printk(____format, sizeof(____format), ##__VA_ARGS__); \
  })

#define PRINT_MANY(text, ...)                                             \
  ({                                                                      \
    static const char ____format[] = text;                                \
    u64 ____arguments[] = {__VA_ARGS__};                                  \
    trace_vprintk(____format, sizeof(____format), ____arguments, sizeof(____arguments)); \
  })

struct bpf_iter_meta {
  void *seq;
};
struct bpf_iter__bpf_map {
  struct bpf_iter_meta *meta;
  void *map;
};

char line[64];

static NOINLINE void report(u32 code) {
  if (code & 1) PRINT("odd %u\n", code);
  else PRINT("even %u\n", code);
}

SEC("raw_tp/sys_enter")
int printing(u64 *context) {
  PRINT("entered\n");
  report(get_prandom_u32());
  PRINT_MANY("%d %d %d %d\n", 1, 2, context[1], 4);
  static const char format[] = "%u";
  u64 arguments[] = {context[1]};
  return snprintf_(line, sizeof(line), format, arguments, 8) > 0;
}

SEC("iter/bpf_map")
int to_sequence(struct bpf_iter__bpf_map *context) {
  static const char format[] = "%d\n";
  u64 arguments[1] = {sizeof(line)};
  seq_printf(context->meta->seq, format, sizeof(format), arguments, sizeof(arguments));
  return 0;
}

char license_text[] SEC("license") = "GPL";
