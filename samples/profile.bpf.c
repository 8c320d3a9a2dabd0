// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Samples what runs, 99 times a second on each CPU: how often each stack of calls was seen.

#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_helpers.h>

#define DEPTH 127 // the kernel's limit (kernel.perf_event_max_stack)

struct sample {
	__u32 pid;
	__s32 user_stack; // ids in stacks; negative when there is none
	__s32 kernel_stack;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct sample);
	__type(value, __u64);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 10240);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DEPTH * sizeof(__u64));
} stacks SEC(".maps");

// -Frequency sets another rate, -ProcessId has one process sampled.
SEC("perf_event")
int take_sample(struct bpf_perf_event_data *context)
{
	struct sample sample = { .pid = bpf_get_current_pid_tgid() >> 32 };
	__u64 *count, one = 1;

	if (sample.pid == 0)
		return 0; // the CPU is idle
	bpf_get_current_comm(sample.comm, sizeof(sample.comm));
	sample.user_stack = bpf_get_stackid(context, &stacks, BPF_F_USER_STACK);
	sample.kernel_stack = bpf_get_stackid(context, &stacks, 0);
	count = bpf_map_lookup_elem(&samples, &sample);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&samples, &sample, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
