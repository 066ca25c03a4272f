/* TYPE_TAG: in chains, between pointers, below qualifiers, of members, globals, parameters and typedefs. */
#include "bpf.h"

#define USER TYPE_TAG("user")
#define RCU TYPE_TAG("rcu")
#define CHAIN TYPE_TAG("a") TYPE_TAG("b") TYPE_TAG("c")

struct inner {
  u32 value;
};

struct holder {
  struct inner USER *user;
  struct inner RCU *rcu;
  int CHAIN *chain;
  const int TYPE_TAG("constant") *constant;
  int TYPE_TAG("inside") *TYPE_TAG("outside") *levels;
  void TYPE_TAG("nothing") *anything;
  int (*function)(int USER *argument, struct inner RCU *);
  struct never TYPE_TAG("unseen") *unseen;
};

typedef int TYPE_TAG("named") *named_t;

struct holder holder;
int CHAIN *global;
named_t named;
struct inner USER *const volatile far = NULL;

static NOINLINE int take(const struct holder *from, int TYPE_TAG("parameter") *number) {
  return from->user == NULL && number == NULL;
}

SEC("socket")
int type_tags(void *context) { return take(&holder, global) + (named == NULL) + (far == NULL); }

char license_text[] SEC("license") = "GPL";
