// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Events in the ways that programs send them. Run by the test (BPF_PROG_TEST_RUN): attached to what never happens there.

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define BATCH_MAX 1000

enum kind {
	KIND_OPEN = 1,
	KIND_CLOSE,
	KIND_OTHER = 70000,
};

struct event {
	__u64 sequence;
	int number;
	enum kind kind;
	char text[16];
	struct point {
		short x;
		__u8 y;
	} at;
	unsigned int low:3;
	unsigned int high:24;
	__u8 cpu;
};

struct small_event {
	__u32 sequence;
	__u32 twice;
	__u32 cpu;
};

struct unrelated {
	__u32 a, b, c;
};

struct request {
	__u64 first;
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
	__type(value, struct event);
} declared SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} sized SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct unrelated);
} table SEC(".maps");

__u64 refused = 0;
const struct small_event *unused __attribute__((unused));

static __always_inline void set(struct event *e, __u64 sequence)
{
	__builtin_memset(e, 0, sizeof(*e));
	e->sequence = sequence;
	e->number = -(int)sequence;
	e->kind = sequence & 1 ? KIND_CLOSE : sequence & 2 ? KIND_OTHER : KIND_OPEN;
	e->text[0] = 'e';
	e->text[1] = sequence >> 32 ? '\e' : '0' + sequence % 10; // what a terminal would obey
	e->at.x = (short)sequence;
	e->at.y = (__u8)(sequence >> 3);
	e->low = (unsigned int)sequence;
	e->high = (unsigned int)(sequence >> 1);
	e->cpu = (__u8)bpf_get_smp_processor_id();
}

SEC("raw_tp/cgroup_rename")
int to_declared(struct request *request)
{
	for (int i = 0; i < BATCH_MAX && i < request->count; i++) {
		struct event *e = bpf_ringbuf_reserve(&declared, sizeof(*e), 0);

		if (!e) {
			__sync_fetch_and_add(&refused, 1);
			continue;
		}
		set(e, request->first + i);
		bpf_ringbuf_submit(e, 0);
	}
	return 0;
}

SEC("raw_tp/cgroup_rename")
int to_sized(struct request *request)
{
	struct small_event e = {};

	for (int i = 0; i < BATCH_MAX && i < request->count; i++) {
		e.sequence = request->first + i;
		e.twice = 2 * e.sequence;
		if (bpf_ringbuf_output(&sized, &e, sizeof(e), 0))
			__sync_fetch_and_add(&refused, 1);
	}
	return 0;
}

SEC("raw_tp/cgroup_rename")
int to_perf(struct request *request)
{
	struct event e;

	for (int i = 0; i < BATCH_MAX && i < request->count; i++) {
		set(&e, request->first + i);
		if (bpf_perf_event_output(request, &perf, BPF_F_CURRENT_CPU, &e, sizeof(e)))
			__sync_fetch_and_add(&refused, 1);
	}
	return 0;
}

// Records of any length: request->count bytes.
SEC("raw_tp/cgroup_rename")
int any_length(struct request *request)
{
	char bytes[64] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";

	if (request->count > sizeof(bytes))
		return 1;
	return bpf_ringbuf_output(&declared, bytes, request->count, 0);
}

char LICENSE[] SEC("license") = "GPL";
