// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A ring of typed events. Its program is attached to what never happens: bench/fill.bpf.c fills the ring.

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

enum kind {
	KIND_OPEN,
	KIND_CLOSE,
};

struct event {
	__u64 sequence;
	int pid;
	enum kind kind;
	char text[16];
	struct point {
		short x;
		short y;
	} at;
	unsigned int low:3;
	unsigned int high:20;
	__u64 time;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
	__type(value, struct event);
} ring SEC(".maps");

SEC("raw_tp/cgroup_rename")
int send(void *context)
{
	struct event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);

	if (event) {
		__builtin_memset(event, 0, sizeof(*event));
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
