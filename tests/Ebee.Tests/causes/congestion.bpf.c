// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A TCP congestion control that does nothing, for the kernel to know by its name.

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct tcp_congestion_ops {
	__u32 (*ssthresh)(void *sk);
	void (*cong_avoid)(void *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(void *sk);
	char name[16];
};

SEC("struct_ops/ssthresh")
__u32 ssthresh(__u64 *context) { return 2; }

SEC("struct_ops/cong_avoid")
void cong_avoid(__u64 *context) { }

SEC("struct_ops/undo_cwnd")
__u32 undo_cwnd(__u64 *context) { return 2; }

SEC(".struct_ops")
struct tcp_congestion_ops ebee_test = {
	.ssthresh = (void *)ssthresh,
	.cong_avoid = (void *)cong_avoid,
	.undo_cwnd = (void *)undo_cwnd,
	.name = "ebee_test",
};

char LICENSE[] SEC("license") = "GPL";
