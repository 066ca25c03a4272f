/* As little as there can be: one program that gives 0, no map, no variable but the license. */
#include "bpf.h"

SEC("xdp")
int minimal(void *context) { return 2; }

char license_text[] SEC("license") = "GPL";
