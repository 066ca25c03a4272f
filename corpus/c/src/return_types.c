/* Results of every kind: void, bool, narrow and wide numbers, enum, pointer, text. */
#include "more.h"

enum answer { NO = -1, MAYBE, YES };

u64 memory[4];

static NOINLINE void of_void(u64 value) { memory[0] = value; }
static NOINLINE _Bool of_bool(u32 value) { return value > 7; }
static NOINLINE s8 of_s8(u32 value) { return value >> 3; }
static NOINLINE u16 of_u16(u32 value) { return value * 3; }
static NOINLINE s64 of_s64(s64 value, s64 unused) { return value - 1; }
static NOINLINE enum answer of_enum(u32 value) { return value == 3 ? YES : value == 4 ? NO : MAYBE; }
static NOINLINE u64 *of_pointer(u32 index) { return &memory[index & 3]; }
static NOINLINE const char *of_text(u32 index) { return index ? "text" : NULL; }

SEC("tc")
int return_types(struct __sk_buff *skb) {
  u32 value = skb->len;
  of_void(value);
  return of_bool(value) + of_s8(value) + of_u16(value) + of_s64(value, 2) + of_enum(value) + *of_pointer(value) +
         (of_text(value) != NULL);
}

char license_text[] SEC("license") = "GPL";
