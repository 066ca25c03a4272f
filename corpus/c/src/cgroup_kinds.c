/* Programs of control groups: devices, sockets made and bound, options read and set, system parameters; CGROUP_STORAGE and its key. */
#include "more.h"

struct bpf_cgroup_dev_ctx {
  u32 access_type, major, minor;
};
struct bpf_sock {
  u32 bound_dev_if, family, type, protocol, mark, priority, src_ip4, src_ip6[4], src_port;
};
struct bpf_sockopt {
  struct bpf_sock *socket __attribute__((aligned(8)));
  void *value __attribute__((aligned(8)));
  void *value_end __attribute__((aligned(8)));
  s32 level, name, length, result;
};
struct bpf_sock_addr {
  u32 user_family, user_ip4, user_ip6[4], user_port, family, type, protocol;
};
struct bpf_sysctl {
  u32 write, file_pos;
};

struct {
  NUMBER(type, CGROUP_STORAGE);
  NUMBER(map_flags, NO_PREALLOC);
  OF_TYPE(key, int);
  OF_TYPE(value, u64);
} per_group SEC(".maps");

u32 denied[3];

SEC("cgroup/dev")
int on_device(struct bpf_cgroup_dev_ctx *device) { return (device->access_type >> 16) != 1 || device->major == 1; }

SEC("cgroup/sock_create")
int on_create(struct bpf_sock *socket) {
  socket->mark = 7;
  return socket->family == 2;
}

SEC("cgroup/post_bind4")
int on_bound(struct bpf_sock *socket) { return socket->src_port >= 1024; }

SEC("cgroup/bind6")
int on_bind(struct bpf_sock_addr *address) { return address->user_ip6[3] ? 1 : 0; }

SEC("cgroup/getsockopt")
int on_read(struct bpf_sockopt *option) {
  if (option->level == 1) denied[0]++;
  return 1;
}

SEC("cgroup/setsockopt")
int on_set(struct bpf_sockopt *option) {
  u8 *value = option->value;
  if (value + 1 > (u8 *)option->value_end) return 0;
  denied[1] += *value;
  return 1;
}

SEC("cgroup/sysctl")
int on_parameter(struct bpf_sysctl *parameter) { return !parameter->write; }

SEC("cgroup_skb/ingress")
int on_received(struct __sk_buff *skb) { return skb->len < 9000; }

char license_text[] SEC("license") = "GPL";
