/* FWD: structs and unions that are never defined, that stay out of a global's reach, and that are defined late. */
#include "bpf.h"

struct never;
union nor_this;
struct later;
enum undecided : int;

struct holder {
  struct never *never;
  union nor_this *nor_this;
  const volatile struct never **twice;
  struct later *later;
  enum undecided *undecided;
  struct hidden *hidden;
  void (*call)(struct later *, union nor_this *);
};

struct later {
  struct holder *holder;
  u32 value;
};

struct hidden {
  struct deep *deep;
};

struct deep {
  u64 value;
};

struct holder holder;
struct never *alone;
union nor_this *alone_union;

/* The second reach is through a parameter, where nothing is left out. */
static NOINLINE int reach(struct later *later) { return later ? later->value : 0; }

SEC("socket")
int forward(void *context) {
  struct later here = {.value = get_prandom_u32()};
  return reach(&here) + (holder.never == NULL) + (alone == NULL) + (alone_union == NULL);
}

char license_text[] SEC("license") = "GPL";
