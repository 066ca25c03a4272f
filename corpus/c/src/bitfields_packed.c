/* Bit fields in unions, in packed structs and in anonymous ones; packed and aligned structs without bit fields. */
#include "bpf.h"

union flags {
  struct {
    u8 read : 1;
    u8 write : 1;
    u8 : 4;
    u8 top : 2;
  };
  u8 all : 8;
  u8 byte;
};

struct __attribute__((packed)) wire {
  u8 tag;
  u32 crossing : 12;
  u32 border : 20;
  u16 odd;
  s64 last : 33;
};

struct __attribute__((packed)) tight {
  u8 a;
  u64 b;
  u16 c;
};

struct __attribute__((aligned(32))) roomy {
  u8 a;
  u32 b __attribute__((aligned(16)));
};

union flags flags = {.byte = 3};
struct wire wire;
struct tight tight;
struct roomy roomy;

SEC("socket")
int bitfields_packed(void *context) {
  flags.write = flags.read;
  wire.border = wire.crossing + wire.odd;
  wire.last--;
  tight.b += tight.c;
  roomy.b = flags.top;
  return flags.all;
}

char license_text[] SEC("license") = "GPL";
