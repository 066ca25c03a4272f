/* FUNC_PROTO behind pointers: members, arrays, arguments, results; variadic, without parameters, of each other. */
#include "bpf.h"

typedef int (*simple_t)(int);
typedef simple_t (*chooser_t)(const char *name, simple_t otherwise);

struct operations {
  int (*open)(struct operations *self, const char *path);
  void (*close)(struct operations *self);
  long (*print)(const char *format, ...);
  int (*none)(void);
  int (*old_style)();
  void (*(*nested)(void (*inner)(int), u64))(int);
  simple_t table[4];
  chooser_t choose;
  const struct operations *const (*chain)(void);
};

struct operations operations;
simple_t single;
chooser_t chooser;
int (*const volatile fixed)(u8, u16, u32, u64) = NULL;
void (*signals[3])(int number);

SEC("socket")
int function_pointers(void *context) {
  return (operations.open == NULL) + (single == NULL) + (chooser == NULL) + (fixed == NULL) + (signals[2] == NULL);
}

char license_text[] SEC("license") = "GPL";
