/* Bit fields: plain, signed, of the full width of their type, across a border, unnamed, in a struct without others. */
#include "bpf.h"

struct header {
  u32 version : 4;
  u32 length : 4;
  u32 : 8;
  u32 rest : 16;
  s32 signed_part : 5;
  s32 other_part : 27;
  u32 full : 32;
  u8 half : 4;
  u8 other_half : 4;
  u64 long_part : 40;
  u64 short_part : 24;
  u32 whole;
  _Bool yes : 1;
  _Bool no : 1;
};

enum mode { OFF, ON, AUTO };

struct modes {
  enum mode first : 2;
  enum mode second : 3;
  u32 : 0;
  enum mode third : 2;
};

struct header header = {.version = 4};
struct modes modes;

SEC("socket")
int bitfields(void *context) {
  header.length = header.version + 1;
  header.signed_part--;
  header.long_part += header.short_part;
  header.yes = header.no;
  modes.second = modes.first;
  modes.third = AUTO;
  return header.rest + header.full + header.half;
}

char license_text[] SEC("license") = "GPL";
