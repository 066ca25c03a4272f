/* Programs of light-weight tunnels, one a direction, and the flow dissector: six kinds of sections around one context. */
#include "more.h"

u64 counts[3];

SEC("lwt_in")
int on_in(struct __sk_buff *skb) {
  counts[0]++;
  return 0;
}

SEC("lwt_out")
int on_out(struct __sk_buff *skb) { return skb->hash ? 0 : 2; }

SEC("lwt_xmit")
int on_xmit(struct __sk_buff *skb) {
  counts[1] += skb->len;
  return 0;
}

SEC("lwt_seg6local")
int on_segment(struct __sk_buff *skb) { return 0; }

SEC("flow_dissector")
int on_dissect(struct __sk_buff *skb) {
  counts[2]++;
  return skb->data == skb->data_end ? 2 : 0;
}

char license_text[] SEC("license") = "GPL";
