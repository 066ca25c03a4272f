/* ENUM: unsigned, signed, packed to one byte, without name, of one value, with equal values; as bit field and index. */
#include "bpf.h"

enum plain { ZERO, ONE, TWO };
enum negative { MINUS = -5, PLUS = 5 };
enum __attribute__((packed)) small { TINY = 1, LARGE = 200 };
enum top { TOP_BIT = 0x80000000u, ALL_BITS = 0xffffffffu };
enum twins { LEFT = 7, RIGHT = 7, MIDDLE = 3 };
enum lonely { ONLY = 42 };
enum { NAMELESS_A = 10, NAMELESS_B };

struct choices {
  enum plain plain;
  enum negative negative;
  enum small small;
  enum top top;
  enum twins *twins;
  enum { INSIDE_A, INSIDE_B } inside;
  enum lonely lonely : 6;
};

struct choices choices = {TWO, MINUS, LARGE, TOP_BIT};
enum negative global = PLUS;
int names[NAMELESS_B];

static NOINLINE enum plain next(enum plain now, enum twins other) {
  return now == ZERO ? ONE : other == LEFT ? TWO : ZERO;
}

SEC("socket")
int enums(void *context) {
  choices.plain = next(choices.plain, (enum twins)get_prandom_u32());
  choices.inside = INSIDE_B;
  names[3]++;
  return choices.negative + global + choices.small;
}

char license_text[] SEC("license") = "GPL";
