/* A ring buffer that user space fills: drained through a callback that gets a dynptr; one that the kernel fills, by output and discard. */
#include "more.h"

struct request {
  u32 kind;
  union {
    u64 number;
    char text[16];
  };
};

struct {
  NUMBER(type, USER_RINGBUF);
  NUMBER(max_entries, 4096);
} requests SEC(".maps");

struct {
  NUMBER(type, RINGBUF);
  NUMBER(max_entries, 4096);
} answers SEC(".maps");

u64 handled;

static long on_request(struct bpf_dynptr *pointer, u64 *limit) {
  struct request request;
  if (dynptr_read(&request, sizeof(request), pointer, 0, 0)) return 1;
  if (request.kind == 0) return 0;
  ringbuf_output(&answers, &request, sizeof(request), 0);
  return ++handled > *limit;
}

SEC("syscall")
int drain(void *context) {
  u64 limit = 100;
  struct request *answer = ringbuf_reserve(&answers, sizeof(*answer), 0);
  if (answer) ringbuf_discard(answer, 0);
  return user_ringbuf_drain(&requests, on_request, &limit, 0);
}

char license_text[] SEC("license") = "GPL";
