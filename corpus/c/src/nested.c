/* STRUCT and UNION without names, nested in each other and in arrays; local types of a function; empty structs. */
#include "bpf.h"

struct outer {
  u32 kind;
  union {
    struct {
      u16 port;
      u16 pad;
    };
    u32 address;
    union {
      u8 bytes[4];
      struct {
        u8 low;
        struct {
          u8 high;
          u16 rest;
        } inner;
      } split;
    } view;
  };
  struct {
    int x, y;
  } points[2];
  struct nothing {
  } nothing;
  union named {
    u64 whole;
    struct {
      u32 a, b;
    } halves;
  } value;
};

struct outer outer;
struct {
  int left;
  union {
    int one;
    long other;
  };
} nameless = {1, {2}};

SEC("socket")
int nested(void *context) {
  struct local {
    int a;
    union {
      int b;
      long c;
    };
  };
  static struct local kept;
  struct local scratch = {1, {2}};
  kept.c += outer.port + outer.view.split.inner.rest;
  outer.value.halves.b = outer.points[1].y;
  OPAQUE(scratch.a);
  OPAQUE_PLACE(kept);
  return scratch.a + (int)kept.c + nameless.one;
}

char license_text[] SEC("license") = "GPL";
