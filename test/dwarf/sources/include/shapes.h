/* Types for the DWARF samples: one of each shape that BTF can hold. */
#define tag(text) __attribute__((btf_decl_tag(text)))

typedef unsigned int u32;
typedef unsigned long long u64;

struct forward;

enum small { SMALL_MINUS = -1, SMALL_FIVE = 5 };
enum large { LARGE = 0x123456789abcdefULL };

struct bits {
  int low : 3;
  unsigned middle : 17;
  u64 high : 40;
  struct {
    char text[7];
    union {
      u32 word;
      unsigned char bytes[4];
    };
  };
  struct forward *next;
  int (*callback)(struct bits *self, const char *format, ...);
};

static inline __attribute__((always_inline)) u32 twice(u32 value) {
  u32 doubled = value * 2;
  return doubled;
}
