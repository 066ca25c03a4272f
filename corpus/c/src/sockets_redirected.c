/* Programs between sockets: sk_msg, sk_skb parser and verdict, sockops; SOCKMAP and SOCKHASH with a struct as key. */
#include "more.h"

struct sk_msg_md {
  u64 data, data_end;
  u32 family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4], remote_port, local_port, size;
};

struct bpf_sock_ops {
  u32 op, args[4], family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4], remote_port, local_port;
};

struct connection {
  u32 from, to, from_port, to_port;
};

struct {
  NUMBER(type, SOCKHASH);
  NUMBER(max_entries, 128);
  OF_TYPE(key, struct connection);
  OF_TYPE(value, u64);
} by_connection SEC(".maps");

struct {
  NUMBER(type, SOCKMAP);
  NUMBER(max_entries, 2);
  OF_TYPE(key, int);
  OF_TYPE(value, int);
} by_number SEC(".maps");

SEC("sk_msg")
int on_message(struct sk_msg_md *message) {
  struct connection key = {message->remote_ip4, message->local_ip4, message->remote_port, message->local_port};
  return msg_redirect_hash(message, &by_connection, &key, 1);
}

SEC("sk_skb/stream_parser")
int on_parse(struct __sk_buff *skb) { return skb->len; }

SEC("sk_skb/stream_verdict")
int on_verdict(struct __sk_buff *skb) { return sk_redirect_map(skb, &by_number, skb->local_port & 1, 0); }

SEC("sockops")
int on_operation(struct bpf_sock_ops *operation) {
  struct connection key = {operation->local_ip4, operation->remote_ip4, operation->local_port};
  switch (operation->op) {
    case 4:
    case 5:
      sock_hash_update(operation, &by_connection, &key, 0);
      break;
    case 1: sock_ops_cb_flags_set(operation, 1); break;
  }
  return 1;
}

char license_text[] SEC("license") = "GPL";
