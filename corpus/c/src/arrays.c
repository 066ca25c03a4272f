/* ARRAY: several dimensions, length zero, flexible, of pointers, of structs; as globals, members and map values. */
#include "bpf.h"

struct cell {
  u16 row;
  u16 column;
};

struct grid {
  struct cell cells[2][3];
  u8 cube[2][3][4];
  struct cell *line[4];
  int (*rows)[5];
  u32 none[0];
};

struct tail {
  u32 length;
  u8 bytes[];
};

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 4);
  OF_TYPE(key, u32);
  OF_TYPE(value, u64[2][8]);
} table SEC(".maps");

struct grid grid;
struct tail tail = {3, {1, 2, 3}};
int matrix[4][2] = {{1}};
const volatile u8 lookup[16] = {1, 2, 3};

SEC("socket")
int arrays(void *context) {
  u32 key = get_prandom_u32() & 3;
  u64(*value)[8] = map_lookup(&table, &key);
  if (value) value[1][2] += lookup[key & 15];
  grid.cube[1][2][key & 3]++;
  return matrix[key & 3][1] + grid.cells[1][2].row + tail.bytes[key & 1];
}

char license_text[] SEC("license") = "GPL";
