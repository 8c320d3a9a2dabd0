// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A little of all that libbpf reads of an object: variables, externs, maps in maps, calls, relocations by type.

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

enum state { IDLE, BUSY = 7, BROKEN = -3 };

struct inner_struct {
	__u64 total;
	struct {
		__u32 low : 5, high : 11;
	};
	char name[16];
};

union either {
	struct inner_struct structure;
	__u8 bytes[64];
};

struct event {
	__u32 pid;
	enum state state;
	union either either;
	struct event *next;
	int (*callback)(void *, int);
};

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	char comm[16];
} __attribute__((preserve_access_index));

const volatile struct inner_struct settings = { .total = 4711, .name = "settings" };
const volatile __u32 limits[4] = { 1, 2, 3, 4 };
__u64 counters[8];
__u32 last_pid = 42;
enum state state = BUSY;
static volatile const char format[] = "pid %d\n";

extern int LINUX_KERNEL_VERSION __kconfig;
extern int CONFIG_HZ __kconfig __weak;
extern const void init_task __ksym __weak;

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} inner_first SEC(".maps"), inner_second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &inner_first, &inner_second } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct inner_struct);
	__type(value, struct event);
} events_by_key SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct event);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

int tail_first(void *context);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, int(void *));
} tails SEC(".maps") = { .values = { [1] = (void *)&tail_first } };

static __noinline long add_all(void *map, const void *key, void *value, void *context)
{
	*(__u64 *)context += *(__u64 *)value;
	return 0;
}

__noinline int global_function(__u32 index)
{
	return index < 8 ? counters[index] : limits[index & 3];
}

SEC("raw_tp/sched_process_exit")
int tail_first(void *context)
{
	last_pid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

SEC("raw_tp/sched_process_exit")
int varied_raw_tp(void *context)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct inner_struct key = { .total = settings.total };
	struct event *event;
	__u64 sum = 0;

	if (bpf_core_field_exists(task->real_parent))
		key.total += BPF_CORE_READ(task, real_parent, tgid);
	key.total += bpf_core_type_size(struct task_struct) + global_function(last_pid & 15);
	bpf_for_each_map_elem(&inner_first, add_all, &sum, 0);
	event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
	if (event) {
		event->pid = sum + LINUX_KERNEL_VERSION + CONFIG_HZ + (&init_task != 0);
		event->state = state;
		bpf_ringbuf_submit(event, 0);
	}
	bpf_map_lookup_elem(&events_by_key, &key);
	bpf_trace_printk((const char *)format, sizeof(format), last_pid);
	bpf_tail_call(context, &tails, 1);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(varied_tp_btf, struct task_struct *task, int pid)
{
	__u32 first = 0;
	void *map = bpf_map_lookup_elem(&outer, &first);

	if (map)
		bpf_map_lookup_elem(map, &first);
	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &pid, sizeof(pid));
	counters[first] += task->pid;
	return 0;
}

SEC("xdp")
int varied_xdp(struct xdp_md *packet)
{
	void *data = (void *)(long)packet->data, *end = (void *)(long)packet->data_end;

	return data + 14 > end ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
