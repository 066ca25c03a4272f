/* TYPEDEF: chains, of nameless structs and enums, of arrays, pointers and functions, with qualifiers in between. */
#include "bpf.h"

typedef u32 first_t;
typedef first_t second_t;
typedef const second_t third_t;
typedef volatile third_t fourth_t;

typedef struct {
  second_t x;
  fourth_t *y;
} point_t;
typedef point_t line_t[2];
typedef line_t *lines_t;
typedef enum { RED, GREEN } colour_t;
typedef union {
  u64 whole;
  u32 halves[2];
} split_t;
typedef int (*callback_t)(void *, const point_t *);
typedef int function_t(colour_t);
typedef struct tagged tagged_t;
struct tagged {
  tagged_t *next;
  callback_t call;
  function_t *direct;
};
typedef u8 mac_t[6];

fourth_t global = 4;
lines_t lines;
tagged_t chain = {&chain};
split_t split;
mac_t address;

static NOINLINE int paint(colour_t colour, mac_t mac, const second_t amount) { return colour + mac[5] + amount; }

SEC("socket")
int typedefs(void *context) {
  split.whole += global;
  return paint((colour_t)get_prandom_u32(), address, split.halves[1]) + (lines == NULL) + (chain.next == NULL);
}

char license_text[] SEC("license") = "GPL";
