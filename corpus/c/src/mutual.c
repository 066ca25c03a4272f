/* Types that name each other: through pointers, typedefs, function pointers, arrays and unions; declared late, defined in another order. */
#include "more.h"

typedef struct tree tree_t;
typedef tree_t *tree_p;
typedef struct visitor visitor_t;
typedef void (*visit_t)(visitor_t *visitor, tree_p at);

struct list {
  struct list *next, **link;
  union {
    tree_p tree;
    struct graph *graph;
  };
};

struct graph {
  struct edge {
    struct node {
      struct edge *edges[2];
      struct graph *owner;
      const struct visitor *seen_by;
    } *from, *to;
    struct edge *next;
  } *edges;
  struct node *nodes;
};

struct tree {
  tree_t *children[2];
  struct list list;
  visit_t visit;
};

struct visitor {
  visit_t before, after;
  struct visitor *(*chain)(struct visitor *);
  tree_p path[8];
};

tree_t root;
visitor_t visitor;
struct graph *graph;
/* In full, or they would stay declarations. */
struct edge first;
struct node start;
/* In full, or they would stay declarations. */
struct edge first;
struct node start;

SEC("socket")
int mutual(struct __sk_buff *skb) {
  return (root.children[skb->mark & 1] == NULL) + (visitor.before == NULL) + (graph == NULL);
}

char license_text[] SEC("license") = "GPL";
