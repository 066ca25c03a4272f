/* A machine of states: transitions in a constant matrix, actions by a switch, events packed in words, an enum as an array's length and as a key. */
#include "more.h"

enum state { IDLE, CONNECTING, UP, CLOSING, STATES };
enum event { START, SUCCESS, FAILURE, STOP, EVENTS };

static const u8 transitions[STATES][EVENTS] = {
    [IDLE] = {[START] = CONNECTING},
    [CONNECTING] = {[SUCCESS] = UP, [FAILURE] = IDLE, [STOP] = CLOSING, [START] = CONNECTING},
    [UP] = {[START] = UP, [SUCCESS] = UP, [FAILURE] = CONNECTING, [STOP] = CLOSING},
    [CLOSING] = {[SUCCESS] = IDLE, [FAILURE] = IDLE, [START] = CLOSING, [STOP] = CLOSING},
};

struct machine {
  enum state state : 8;
  u32 entered : 24;
  u32 changes[STATES][EVENTS];
};

struct {
  NUMBER(type, HASH);
  NUMBER(max_entries, 512);
  OF_TYPE(key, u64);
  OF_TYPE(value, struct machine);
} machines SEC(".maps");

u64 totals[STATES];

static NOINLINE enum state next(enum state from, enum event by) {
  if (from >= STATES || by >= EVENTS) return IDLE;
  return transitions[from][by];
}

SEC("tc")
int state_machine(struct __sk_buff *skb) {
  static const struct machine fresh;
  u64 key = skb->hash;
  enum event event = skb->mark & 3;
  struct machine *machine = map_lookup(&machines, &key);
  if (!machine) return map_update(&machines, &key, &fresh, 1) != 0;
  enum state from = machine->state & 3, to = next(from, event) & 3;
  machine->changes[from][event]++;
  machine->state = to;
  machine->entered = skb->len;
  totals[to]++;
  switch (to) {
    case UP: return 0;
    case CLOSING: return 2;
    default: return -1;
  }
}

char license_text[] SEC("license") = "GPL";
