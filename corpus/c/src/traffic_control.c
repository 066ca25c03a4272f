/* Programs of traffic control under all their names: classifier, action, tcx, netkit; old and new names of one section kind. */
#include "more.h"

enum { NEXT = -1, OK = 0, SHOT = 2 };

volatile u32 marks[4];
u64 dropped;

static int decide(struct __sk_buff *skb, u32 which) {
  if (skb->mark == marks[which & 3]) return OK;
  dropped += skb->len;
  return SHOT;
}

SEC("classifier")
int on_classify(struct __sk_buff *skb) { return decide(skb, 0); }

SEC("action")
int on_action(struct __sk_buff *skb) { return decide(skb, 1); }

SEC("tcx/ingress")
int on_ingress(struct __sk_buff *skb) { return skb->vlan_present ? NEXT : decide(skb, 2); }

SEC("tcx/egress")
int on_egress(struct __sk_buff *skb) {
  skb->priority = skb->cb[1];
  return NEXT;
}

SEC("netkit/primary")
int on_primary(struct __sk_buff *skb) { return decide(skb, 3); }

SEC("netkit/peer")
int on_peer(struct __sk_buff *skb) { return redirect(skb->ifindex, 0); }

char license_text[] SEC("license") = "GPL";
