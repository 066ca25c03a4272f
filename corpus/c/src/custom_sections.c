/* DATASEC of sections with a name of one's own: .data.*, .rodata.*, .bss.*, a resizable one, the version section. */
#include "bpf.h"

struct slot {
  u32 owner;
  u64 when;
};

struct slot slots[4] SEC(".data.slots") = {{1}};
u32 used_slots SEC(".data.slots") = 1;
static u64 total SEC(".data.totals") = 1;
const volatile u32 limits[3] SEC(".rodata.limits") = {1, 2, 3};
const volatile struct slot model SEC(".rodata.limits") = {9, 9};
u64 stamps[2] SEC(".bss.stamps");
u8 flexible[1] SEC(".data.flexible") = {1};
u32 ordinary = 1;

SEC("socket")
int custom_sections(void *context) {
  u32 at = get_prandom_u32() & 3;
  slots[at].owner = model.owner;
  used_slots += limits[1];
  total += stamps[at & 1]++;
  return flexible[0] + ordinary + (int)total;
}

u32 version_number SEC("version") = 0x60c00;
char license_text[] SEC("license") = "GPL";
