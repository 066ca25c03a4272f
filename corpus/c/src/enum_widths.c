/* Enums of every width: of one byte by attribute, signed and unsigned, of 64 bits, of a fixed type, flags, in bit fields. */
#include "more.h"

enum tiny { TINY_A, TINY_B = 200 } __attribute__((packed));
enum short_signed { LOW = -300, HIGH = 300 } __attribute__((packed));
enum wide { WIDE = 0x1ffffffffULL, NARROW = 1 };
enum wide_signed { DEEP = -0x100000000LL, FLAT = 0 };
enum top { TOP = 0xffffffff };
enum of_u8 : u8 { EIGHT_A, EIGHT_B = 255 };
enum of_s64 : long long { SIXTY_FOUR = -1 };
enum flags { READ = 1 << 0, WRITE = 1 << 1, ALL = READ | WRITE, TOP_BIT = 1u << 31 };

struct holder {
  enum tiny tiny;
  enum short_signed shorter;
  enum of_u8 eight;
  enum flags flags : 3;
  enum wide wide;
  enum tiny table[4];
};

typedef enum { OFF, ON } toggle_t;

struct holder holder = {.tiny = TINY_B, .flags = READ};
enum wide_signed depth = DEEP;
enum top top = TOP;
volatile enum of_s64 whole = SIXTY_FOUR;
toggle_t toggles[2];

SEC("socket")
int enum_widths(struct __sk_buff *skb) {
  holder.table[skb->mark & 3] = TINY_A;
  toggles[skb->mark & 1] = ON;
  return holder.tiny + holder.shorter + (depth < FLAT) + (top == TOP) + (whole == SIXTY_FOUR) + holder.eight;
}

char license_text[] SEC("license") = "GPL";
