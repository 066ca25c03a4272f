/* DECL_TAG on everything that takes one: variable, struct, member, union, typedef, function, parameter; several at once. */
#include "bpf.h"

struct DECL_TAG("of the struct") DECL_TAG("and again") tagged {
  u32 plain;
  u32 first DECL_TAG("of a member");
  u32 second DECL_TAG("one") DECL_TAG("two");
  u32 bits : 3 DECL_TAG("of a bit field");
};

union DECL_TAG("of the union") choice {
  u32 a DECL_TAG("of its member");
  u8 b;
};

typedef struct tagged alias_t DECL_TAG("of the typedef");
typedef u32 number_t DECL_TAG("of a number") DECL_TAG("tag 2");

struct tagged global DECL_TAG("of a variable");
union choice choice DECL_TAG("x") DECL_TAG("y");
alias_t alias;
static number_t kept DECL_TAG("of a static variable");

struct {
  NUMBER(type, ARRAY);
  NUMBER(max_entries, 1);
  OF_TYPE(key, u32);
  OF_TYPE(value, alias_t);
} map SEC(".maps") DECL_TAG("of a map");

DECL_TAG("of a function")
NOINLINE int global_function(int first DECL_TAG("of parameter 0"), int second, int third DECL_TAG("of parameter 2")) {
  return first + second * third;
}

static NOINLINE DECL_TAG("of a static function") int local_function(number_t number DECL_TAG("x") DECL_TAG("y")) {
  return kept += number;
}

extern int no_such_kfunc(u32 a DECL_TAG("of an extern's parameter")) KSYM WEAK DECL_TAG("of an extern");

SEC("tc")
int decl_tags(void *context DECL_TAG("arg:ctx")) {
  u32 key = 0;
  alias_t *value = map_lookup(&map, &key);
  if (value) value->bits = 2;
  global.first += alias.second + choice.b;
  if (no_such_kfunc) no_such_kfunc(1);
  return global_function(1, 2, 3) + local_function(4);
}

char license_text[] SEC("license") = "GPL";
