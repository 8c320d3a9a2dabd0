// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Denies the processes of a cgroup to connect to one port over IPv4.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

const volatile __u16 denied_port = 25; // a constant to the verifier; -Global sets it before the load

__u64 denied; // how often

SEC("cgroup/connect4")
int deny_port(struct bpf_sock_addr *address)
{
	if (bpf_ntohs(address->user_port) != denied_port)
		return 1; // go on
	__sync_fetch_and_add(&denied, 1);
	return 0; // connect fails with EPERM
}

char LICENSE[] SEC("license") = "GPL";
