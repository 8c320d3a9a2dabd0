// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Programs of the types that the kernel runs without their hook, and one of a type that it does not.

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} run_count SEC(".maps");

static __always_inline void count(void)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&run_count, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
}

// Puts four bytes before the packet, and returns what its first byte says.
SEC("xdp")
int run_xdp(struct xdp_md *context)
{
	unsigned char *data, *end;
	int action;

	data = (void *)(long)context->data;
	end = (void *)(long)context->data_end;
	if (data + 14 > end)
		return XDP_ABORTED;
	action = data[0];
	if (bpf_xdp_adjust_head(context, -4))
		return XDP_ABORTED;
	data = (void *)(long)context->data;
	end = (void *)(long)context->data_end;
	if (data + 4 > end)
		return XDP_ABORTED;
	data[0] = 0xeb;
	data[1] = 0xee;
	data[2] = data[3] = 0;
	count();
	return action;
}

// Adds one to the mark, and refuses packets that had the mark 7.
SEC("tc")
int run_tc(struct __sk_buff *packet)
{
	count();
	return packet->mark++ == 7 ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("cgroup_skb/egress")
int run_cgroup(struct __sk_buff *packet)
{
	return packet->len > 100;
}

SEC("socket")
int run_socket(struct __sk_buff *packet)
{
	return packet->len;
}

SEC("sk_lookup")
int run_lookup(struct bpf_sk_lookup *lookup)
{
	return lookup->local_port == 4711 ? SK_PASS : SK_DROP;
}

SEC("raw_tp/bpf_test_finish")
int run_raw_tp(struct bpf_raw_tracepoint_args *arguments)
{
	return arguments->args[0] * 2;
}

struct sum {
	__u64 left, right, sum;
};

SEC("syscall")
int run_syscall(struct sum *sum)
{
	sum->sum = sum->left + sum->right;
	return 42;
}

SEC("perf_event")
int run_perf_event(void *context)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
