/* Structs that lead to themselves, to each other in a ring, and through arrays, unions and functions. */
#include "bpf.h"

struct list {
  struct list *next, **back;
  u64 payload;
};

struct tree {
  struct tree *children[2];
  struct {
    struct tree *parent;
  } up;
};

struct b;
struct c;
struct a {
  struct b *b;
};
struct b {
  struct c *c;
  const struct a *a;
};
struct c {
  struct a *a;
  union {
    struct b *b;
    struct c *c;
  };
  struct c (*make)(struct c *);
};

struct self_typedef;
typedef struct self_typedef *self_t;
struct self_typedef {
  self_t self;
  self_t (*step)(self_t);
};

struct list head;
struct tree root;
struct a start;
struct self_typedef self = {&self};

SEC("socket")
int recursive(void *context) {
  head.payload++;
  return (head.next == NULL) + (root.up.parent == NULL) + (start.b == NULL) + (self.self == NULL);
}

char license_text[] SEC("license") = "GPL";
