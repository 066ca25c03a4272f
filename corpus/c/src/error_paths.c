/* Paths of errors: gotos to clean up, several returns, nested conditions, switches that fall through, dead code behind a return. */
#include "more.h"
#include "packet.h"

enum error { NO_ERROR, TOO_SHORT, NO_MEMORY, REFUSED, ERRORS };

struct {
  NUMBER(type, RINGBUF);
  NUMBER(max_entries, 4096);
} reports SEC(".maps");

u32 errors[ERRORS];

static NOINLINE int reported(enum error error) {
  if (error == NO_ERROR || error >= ERRORS) return 0;
  errors[error]++;
  return 1;
}

SEC("xdp")
int error_paths(struct xdp_md *xdp) {
  struct cursor cursor = {(void *)(long)xdp->data, (void *)(long)xdp->data_end};
  struct ethernet_header *ethernet;
  enum error error = NO_ERROR;
  int protocol = take_ethernet(&cursor, &ethernet);
  if (protocol < 0) {
    error = TOO_SHORT;
    goto out;
  }
  u64 *report = ringbuf_reserve(&reports, sizeof(*report), 0);
  if (!report) {
    error = NO_MEMORY;
    goto out;
  }
  *report = protocol;
  switch (protocol) {
    case ETHERTYPE_VLAN:
      *report |= 1ULL << 32;
      __attribute__((fallthrough));
    case ETHERTYPE_IPV4: break;
    case ETHERTYPE_IPV6:
      if (ethernet->source[0] & 1) {
        error = REFUSED;
        goto discard;
      }
      break;
    default: goto discard;
  }
  ringbuf_submit(report, 0);
  return 2;
discard:
  ringbuf_discard(report, 0);
out:
  if (reported(error)) return 1;
  return 2;
}

char license_text[] SEC("license") = "GPL";
