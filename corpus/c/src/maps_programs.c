/* PROG_ARRAY: one filled through `values` with programs of the object, one empty; a static subprogram's tail call. */
#include "bpf.h"

int first_tail(void *skb);
int second_tail(void *skb);

struct {
  NUMBER(type, PROG_ARRAY);
  NUMBER(max_entries, 4);
  NUMBER(key_size, sizeof(u32));
  LIST_OF(values, int(void *));
} tails SEC(".maps") = {.values = {[1] = (void *)&first_tail, [3] = (void *)&second_tail}};

struct {
  NUMBER(type, PROG_ARRAY);
  NUMBER(max_entries, 2);
  NUMBER(key_size, sizeof(u32));
  NUMBER(value_size, sizeof(u32));
} later SEC(".maps");

u32 steps;

SEC("tc")
int first_tail(void *skb) {
  steps++;
  tail_call(skb, &tails, 3);
  return 0;
}

SEC("tc")
int second_tail(void *skb) {
  steps += 2;
  return 0;
}

SEC("tc")
int maps_programs(void *skb) {
  tail_call(skb, &tails, 1);
  tail_call(skb, &later, 0);
  return 1;
}

char license_text[] SEC("license") = "GPL";
