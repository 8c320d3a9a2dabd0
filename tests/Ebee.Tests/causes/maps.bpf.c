// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A map of each type whose entries a process can read.

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct point {
	int x;
	int y;
};

struct stats {
	__u64 packets;
	__u32 errors;
	__u32 flags : 4;
	char name[8];
};

struct lpm4_key {
	__u32 prefixlen;
	__u8 address[4];
};

struct lpm6_key {
	__u32 prefixlen;
	__u8 address[16];
};

#define MAP(name, map_type, entries, key_type, value_type) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, entries); \
		__type(key, key_type); \
		__type(value, value_type); \
	} name SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, 64, __u32, __u64);
MAP(array, BPF_MAP_TYPE_ARRAY, 4, __u32, struct point);
MAP(lru_hash, BPF_MAP_TYPE_LRU_HASH, 64, struct point, struct stats);
MAP(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, 64, __u32, struct stats);
MAP(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, 3, __u32, __u32);
MAP(lru_pcpu_hash, BPF_MAP_TYPE_LRU_PERCPU_HASH, 64, __u64, __s64);
MAP(devmap, BPF_MAP_TYPE_DEVMAP, 4, __u32, __u32);
MAP(cpumap, BPF_MAP_TYPE_CPUMAP, 1, __u32, __u32);
MAP(sockmap, BPF_MAP_TYPE_SOCKMAP, 4, __u32, __u64);
MAP(sockhash, BPF_MAP_TYPE_SOCKHASH, 4, __u32, __u64);
MAP(narrow_sockmap, BPF_MAP_TYPE_SOCKMAP, 4, __u32, __u32);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 6);
} untyped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__uint(map_flags, BPF_F_RDONLY);
	__type(key, __u32);
	__type(value, __u32);
} read_only SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct lpm4_key);
	__type(value, __u32);
} lpm4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct lpm6_key);
	__type(value, __u32);
} lpm6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, struct point);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 4);
	__type(value, __u32);
} stack SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct point);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} array_of_maps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} hash_of_maps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} prog_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf_events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 32 * 8);
} stack_trace SEC(".maps");

const volatile __u32 limit = 7;
__u64 counter;

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	if (limit)
		bpf_get_stackid(ctx, &stack_trace, BPF_F_REUSE_STACKID);
	__sync_fetch_and_add(&counter, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
