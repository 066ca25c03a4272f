/* Arrays without a length: flexible members after others, in a union, of structs, of length 0 and 1; initialised ones of a global. */
#include "more.h"

struct message {
  u32 length;
  char text[];
};

struct old_message {
  u32 length;
  char text[0];
};

struct oldest_message {
  u32 length;
  char text[1];
};

struct either {
  u32 kind;
  union {
    struct {
      struct {
      } nothing;
      u16 numbers[];
    };
    u8 bytes[0];
  };
};

struct row {
  u32 columns;
  struct {
    u16 x, y;
  } cells[];
};

struct message greeting = {5, "hello"};
struct row row = {2, {{1, 2}, {3, 4}}};
struct old_message *old;
struct oldest_message oldest;
struct either either;
int unknown_length[][2][3] = {{{1}}, {{2}}};

SEC("socket")
int flexible_arrays(struct __sk_buff *skb) {
  u32 at = skb->mark & 1;
  oldest.text[0] = greeting.text[at];
  return row.cells[at].x + unknown_length[at][1][2] + (old != NULL) + either.kind;
}

char license_text[] SEC("license") = "GPL";
