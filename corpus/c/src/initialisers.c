/* Initialisers: conditional, designated, nested, from other addresses and sizes, of unions by member, of tables by ranges and macros. */
#include "more.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DEBUG 0

struct vector {
  s32 x, y;
};

struct shape {
  const char *name;
  struct vector corners[3];
  u32 *counter;
  struct shape *like;
  union {
    float ratio;
    u32 bits;
  };
};

u32 counters[4] = {DEBUG ? 1 : 2, COUNT("four") - 1, ~0u, -1};
u32 *cursor = &counters[2];
u8 classes[256] = {['0' ... '9'] = 1, ['a' ... 'z'] = 2, ['A' ... 'Z'] = 2, ['_'] = 3};
struct shape triangle = {.name = "triangle", .corners = {[1] = {1, 0}, [2].y = 1}, .counter = &counters[1], .ratio = 0.5f};
struct shape shapes[2] = {[1] = {.name = "other", .like = &triangle, .bits = 7}};
const struct vector origin = {}, *const corner = &origin;
static struct vector *volatile moved = DEBUG ? NULL : &triangle.corners[2];
s64 difference = sizeof(struct shape) > 40 ? -(s64)sizeof(struct shape) : 0;
char text[] = {'t', 'e', 'x', 't'}, more[8] = "more";

SEC("socket")
int initialisers(struct __sk_buff *skb) {
  u32 at = skb->mark & 1;
  counters[at] += classes[skb->hash & 255];
  shapes[at].corners[0].x = triangle.corners[2].y;
  return difference + text[at] + more[at] + (moved != NULL) + (cursor != NULL) + (corner->x == 0);
}

char license_text[] SEC("license") = "GPL";
