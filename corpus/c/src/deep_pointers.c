/* Chains of declarators: pointers to arrays of pointers to functions that return such; qualifiers at each level; restrict parameters. */
#include "more.h"

typedef int (*operation_t)(const void *restrict from, void *restrict to, unsigned long size);
typedef operation_t (*factory_t)(const char *const *names);

struct device {
  const struct device *const *peers;
  char *(*(*describe)(struct device *const volatile self))[4];
  operation_t (*operations)[2][3];
  factory_t *const factories[2];
  void (*(*signal)(int, void (*handler)(int)))(int);
  const volatile u8 *restrict volatile *const ports;
  u64 (*(*matrix)[4])[8];
};

struct device *device;
const struct device *const devices[2] = {NULL, NULL};
u32 ***levels;
void *(*const volatile allocate)(unsigned long);
int (*rows[3])[5];

static NOINLINE int inspect(const volatile struct device *const restrict *const at, u32 *restrict count) {
  *count += at != NULL;
  return *count > 3;
}

SEC("socket")
int deep_pointers(struct __sk_buff *skb) {
  u32 count = skb->len;
  int result = inspect((void *)&devices[skb->mark & 1], &count);
  return result + (device != NULL) + (levels != NULL) + (allocate != NULL) + (rows[1] != NULL);
}

char license_text[] SEC("license") = "GPL";
