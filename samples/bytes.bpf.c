// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Adds up, for each process, the bytes that it sends and receives through sockets of any kind.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define PEEK 2 // MSG_PEEK: looks at data and leaves it in the socket

struct traffic {
	char comm[16];
	__u64 sent; // bytes
	__u64 received;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32); // the process
	__type(value, struct traffic);
} traffic SEC(".maps");

static __always_inline int add(long sent, long received)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct traffic *sum = bpf_map_lookup_elem(&traffic, &pid);

	if (sent <= 0 && received <= 0)
		return 0; // an error
	if (!sum) {
		struct traffic new = {};

		bpf_get_current_comm(new.comm, sizeof(new.comm));
		bpf_map_update_elem(&traffic, &pid, &new, BPF_NOEXIST);
		sum = bpf_map_lookup_elem(&traffic, &pid);
		if (!sum)
			return 0; // the map is full
	}
	__sync_fetch_and_add(&sum->sent, sent);
	__sync_fetch_and_add(&sum->received, received);
	return 0;
}

// All ways to a socket meet here: sendmsg, sendto, send, write. Linux 6.3.
SEC("tp_btf/sock_send_length")
int BPF_PROG(sent, void *sock, int result, int flags)
{
	return add(result, 0);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(received, void *sock, int result, int flags)
{
	return flags & PEEK ? 0 : add(0, result);
}

// For older kernels, only the system calls that give the sample its name: -ProgramName sys_*.
struct sys_exit {
	__u64 header;
	long number;
	long result;
};

SEC("?tp/syscalls/sys_exit_sendmsg")
int sys_sendmsg(struct sys_exit *call)
{
	return add(call->result, 0);
}

SEC("?tp/syscalls/sys_exit_recvmsg")
int sys_recvmsg(struct sys_exit *call)
{
	return add(0, call->result);
}

char LICENSE[] SEC("license") = "GPL";
