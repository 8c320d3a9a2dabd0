// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Counts the packets that arrive at a network interface, and lets all of them through.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 packets; // a global variable lives in a map (.bss), so that user space can read it

SEC("xdp")
int count_packets(struct xdp_md *packet)
{
	// Several CPUs may be here at once.
	__sync_fetch_and_add(&packets, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
