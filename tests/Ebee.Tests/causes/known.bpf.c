// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Programs and maps of several kinds, for the inventory's tests to find.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} known_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} known_lru SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} known_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 3);
	__uint(value_size, 12);
} known_queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} known_programs SEC(".maps");

const volatile __u64 known_constant = 4711; // makes a frozen map

SEC("raw_tp/sched_process_exit")
int known_raw_tp(void *context)
{
	__u64 key = known_constant;

	bpf_map_lookup_elem(&known_hash, &key);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int known_with_a_name_that_the_kernel_cuts(void *context)
{
	__u32 key = 0;

	bpf_map_lookup_elem(&known_lru, &key);
	return 0;
}

SEC("iter/task")
int known_iterator(void *context)
{
	return 0;
}

SEC("cgroup_skb/egress")
int known_egress(struct __sk_buff *packet)
{
	return 1;
}

SEC("xdp")
int known_xdp(struct xdp_md *packet)
{
	return XDP_PASS;
}

SEC("socket")
int known_filter(struct __sk_buff *packet)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
