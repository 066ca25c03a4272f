/* Parameters that are not what they seem: arrays with and without a length, functions, qualified, of typedefs of arrays, unused ones. */
#include "more.h"

typedef u32 four_t[4];
typedef long handler_t(void *map, const void *key, void *value, void *context);

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 4);
  OF_TYPE(key, u32);
  OF_TYPE(value, four_t);
} map SEC(".maps");

u64 sum;

static NOINLINE u32 of_length(const u32 numbers[static 4], u32 at) { return numbers[at & 3]; }
static NOINLINE u32 of_none(u32 numbers[], const char name[restrict 8]) { return numbers[1] + name[2]; }
static NOINLINE u32 of_rows(u32 rows[][4], const four_t *row) { return rows[1][2] + (*row)[3]; }
static NOINLINE u32 of_typedef(four_t numbers, volatile const u16 count) { return numbers[count & 3]; }
static NOINLINE long each(void *of, const void *key, void *value, void *context) {
  sum += *(u32 *)value + *(const u32 *)key;
  return 0;
}
static NOINLINE u32 of_register(register u32 value, u32 __attribute__((unused)) nothing) { return value * 3; }

SEC("tc")
int array_parameters(struct __sk_buff *skb) {
  u32 rows[2][4] = {{1, 2, skb->len}, {3, 4, 5, skb->mark}};
  char name[8] = "name";
  handler_t *handler = each;
  OPAQUE_PLACE(name);
  for_each_map_elem(&map, handler, NULL, 0);
  return of_length(rows[0], skb->mark) + of_none(rows[1], name) + of_rows(rows, &rows[1]) + of_typedef(rows[0], 2) +
         of_register(skb->hash, 1);
}

char license_text[] SEC("license") = "GPL";
