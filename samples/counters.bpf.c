// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Counts the files that each process opens. Another map is the configuration, which can be changed while it runs.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32); // the process
	__type(value, __u64); // how often it called openat
} counters SEC(".maps");

// One entry: the only process to count, or 0 for all.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} config SEC(".maps");

SEC("tp/syscalls/sys_enter_openat")
int count_open(void *ctx)
{
	__u32 zero = 0, pid = bpf_get_current_pid_tgid() >> 32;
	__u32 *only = bpf_map_lookup_elem(&config, &zero);
	__u64 *count, one = 1;

	if (only && *only && *only != pid)
		return 0;
	count = bpf_map_lookup_elem(&counters, &pid);
	if (count)
		__sync_fetch_and_add(count, 1); // its threads may be on several CPUs
	else if (bpf_map_update_elem(&counters, &pid, &one, BPF_NOEXIST) && (count = bpf_map_lookup_elem(&counters, &pid)))
		__sync_fetch_and_add(count, 1); // another thread was first
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
