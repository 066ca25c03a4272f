/* TYPE_TAGs as kernel headers have them: user, rcu, percpu and more on pointers to pointers, members, parameters, results, typedefs. */
#include "more.h"

#define USER TYPE_TAG("user")
#define RCU TYPE_TAG("rcu")
#define PER_CPU TYPE_TAG("percpu")

struct buffer {
  char USER *base;
  unsigned long length;
};

struct list {
  struct list RCU *next;
  struct list RCU *RCU *link;
  u64 PER_CPU *counters;
  int PER_CPU USER *strange;
};

typedef struct buffer USER *user_buffer_t;
typedef int (*copy_t)(void *to, const void USER *from, user_buffer_t buffer);

struct operations {
  copy_t copy;
  void USER *(*translate)(struct list RCU *list);
};

struct list lists;
struct operations operations;
const char USER *const USER *arguments;
struct undefined_anywhere USER *opaque;

static NOINLINE int measure(const struct buffer USER *USER *buffers, u64 PER_CPU *counter) {
  return (buffers != NULL) + (counter != NULL) * 2;
}

SEC("tc")
int user_pointers(struct __sk_buff *skb) {
  void *nothing = skb->mark ? NULL : &lists;
  return measure(nothing, lists.counters) + (operations.copy == NULL) + (arguments == NULL) + (opaque == NULL);
}

char license_text[] SEC("license") = "GPL";
