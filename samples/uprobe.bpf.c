// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Sees each call of a C function that takes two ints and returns one: its arguments, its result, and how long it took.

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct call {
	__u32 pid;
	__s32 first;
	__s32 second;
	__s32 result;
	__u64 duration_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); // bytes
	__type(value, struct call);
} calls SEC(".maps");

// The calls that have not returned, by thread. (A function that calls itself needs more than this.)
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, struct call);
} running SEC(".maps");

// Neither section names a function: -BinaryPath and -Symbol do.
SEC("uprobe")
int BPF_KPROBE(enter_function, int first, int second)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct call call = {
		.pid = thread >> 32,
		.first = first,
		.second = second,
		.duration_ns = bpf_ktime_get_ns(), // the beginning, until it returns
	};

	bpf_map_update_elem(&running, &thread, &call, BPF_ANY);
	return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(leave_function, int result)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&running, &thread);

	if (!call)
		return 0; // it was called before the probe was there
	call->result = result;
	call->duration_ns = bpf_ktime_get_ns() - call->duration_ns;
	bpf_ringbuf_output(&calls, call, sizeof(*call), 0);
	bpf_map_delete_elem(&running, &thread);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
