/* What only some programs need: further kinds of maps, contexts as the kernel lays them out, helpers by number. */
#pragma once
#include "bpf.h"

/* enum bpf_map_type */
#define CGROUP_ARRAY 8
#define LRU_PERCPU_HASH 10
#define DEVMAP 14
#define CPUMAP 16
#define XSKMAP 17
#define SOCKHASH 18
#define REUSEPORT_SOCKARRAY 20
#define DEVMAP_HASH 25
#define INODE_STORAGE 28
#define CGROUP_STORAGE 32

/* Contexts of programs: their first members, in the kernel's order. */
struct xdp_md {
  u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

struct __sk_buff {
  u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex,
      ifindex, tc_index, cb[5], hash, tc_classid, data, data_end, napi_id, family, remote_ip4, local_ip4, remote_ip6[4],
      local_ip6[4], remote_port, local_port, data_meta;
};

/* What the kernel keeps in the values of maps. */
struct bpf_spin_lock {
  u32 value;
};
struct bpf_timer {
  u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_dynptr {
  u64 opaque[2];
} __attribute__((aligned(8)));

HELPER(long, skb_store_bytes, 9, void *skb, u32 offset, const void *from, u32 length, u64 flags);
HELPER(long, l3_csum_replace, 10, void *skb, u32 offset, u64 from, u64 to, u64 size);
HELPER(u64, get_current_uid_gid, 15, void);
HELPER(long, redirect, 23, u32 ifindex, u64 flags);
HELPER(long, skb_load_bytes, 26, const void *skb, u32 offset, void *to, u32 length);
HELPER(long, get_stackid, 27, void *context, void *map, u64 flags);
HELPER(s64, csum_diff, 28, const u32 *from, u32 from_size, const u32 *to, u32 to_size, u32 seed);
HELPER(long, xdp_adjust_head, 44, void *xdp, int delta);
HELPER(long, probe_read_str, 45, void *to, u32 size, const void *from);
HELPER(u64, get_socket_cookie, 46, void *context);
HELPER(long, redirect_map, 51, void *map, u64 key, u64 flags);
HELPER(long, sk_redirect_map, 52, void *skb, void *map, u32 key, u64 flags);
HELPER(long, sock_ops_cb_flags_set, 59, void *context, int flags);
HELPER(long, msg_redirect_hash, 71, void *message, void *map, void *key, u64 flags);
HELPER(long, sock_hash_update, 70, void *context, void *map, void *key, u64 flags);
HELPER(long, sk_select_reuseport, 82, void *context, void *map, void *key, u64 flags);
HELPER(void, sk_release, 86, void *socket);
HELPER(long, map_peek, 89, void *map, void *value);
HELPER(void *, sk_storage_get, 107, void *map, void *socket, void *value, u64 flags);
HELPER(long, sk_assign, 124, void *context, void *socket, u64 flags);
HELPER(long, seq_printf, 126, void *sequence, const char *format, u32 format_size, const void *data, u32 length);
HELPER(long, ringbuf_output, 130, void *ringbuf, void *data, u64 size, u64 flags);
HELPER(void, ringbuf_discard, 133, void *data, u64 flags);
HELPER(void *, inode_storage_get, 145, void *map, void *inode, void *value, u64 flags);
HELPER(void *, task_storage_get, 156, void *map, void *task, void *value, u64 flags);
HELPER(long, snprintf_, 165, char *to, u32 size, const char *format, u64 *data, u32 length);
HELPER(long, timer_cancel, 172, void *timer);
HELPER(u64, get_attach_cookie, 174, void *context);
HELPER(long, find_vma, 180, void *task, u64 address, void *callback, void *context, u64 flags);
HELPER(long, strncmp, 182, const char *a, u32 size, const char *b);
HELPER(long, get_func_arg, 183, void *context, u32 n, u64 *value);
HELPER(void *, map_lookup_percpu, 195, void *map, const void *key, u32 cpu);
HELPER(long, dynptr_from_mem, 197, void *data, u32 size, u64 flags, struct bpf_dynptr *pointer);
HELPER(long, ringbuf_reserve_dynptr, 198, void *ringbuf, u32 size, u64 flags, struct bpf_dynptr *pointer);
HELPER(void, ringbuf_submit_dynptr, 199, struct bpf_dynptr *pointer, u64 flags);
HELPER(void, ringbuf_discard_dynptr, 200, struct bpf_dynptr *pointer, u64 flags);
HELPER(long, dynptr_read, 201, void *to, u32 length, const struct bpf_dynptr *from, u32 offset, u64 flags);
HELPER(long, dynptr_write, 202, const struct bpf_dynptr *to, u32 offset, void *from, u32 length, u64 flags);
HELPER(void *, dynptr_data, 203, const struct bpf_dynptr *pointer, u32 offset, u32 length);
HELPER(long, user_ringbuf_drain, 209, void *map, void *callback, void *context, u64 flags);
HELPER(void *, cgrp_storage_get, 210, void *map, void *cgroup, void *value, u64 flags);
