/* The seed's program in C, for the same maps and the same output as fork-ebpf-aya: notes every fork in a hash map and says so. */

/* What bpf_helpers.h asks for, so that neither a vmlinux.h nor the kernel's headers are needed. */
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#include <bpf/bpf_helpers.h>

#define BPF_MAP_TYPE_HASH 1
#define BPF_ANY 0

/*
 * The record of sched:sched_process_fork, of which only these two members are read. CO-RE: the loader puts in the offsets that the
 * running kernel's BTF gives them (12 and 20 in a record of 24 bytes on 6.18; 24 and 44 in 2022). A program that reads past the
 * record's end is refused when it is attached (EACCES).
 */
struct trace_event_raw_sched_process_fork {
	__s32 parent_pid;
	__s32 child_pid;
} __attribute__((preserve_access_index));

/* Parent pid to the pid of its last child. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1024);
} PID_MAP SEC(".maps");

SEC("tracepoint/sched/sched_process_fork")
int fork(struct trace_event_raw_sched_process_fork *record)
{
	__u32 parent_pid = record->parent_pid;
	__u32 child_pid = record->child_pid;

	if (bpf_map_update_elem(&PID_MAP, &parent_pid, &child_pid, BPF_ANY))
		return 1;
	bpf_printk("fork! parent pid: %d, child pid: %d", parent_pid, child_pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
