// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A program for each kind of hook, which counts what it sees of one process, or of all when target is 0.

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

#ifndef WITHOUT_SOCKETS // a map of sockets needs CAP_NET_ADMIN, whatever the program
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");
#endif

static __always_inline void add_hit(void)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&hits, &zero);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline int hit(void)
{
	__u32 zero = 0, *wanted = bpf_map_lookup_elem(&target, &zero);

	if (wanted && (*wanted == 0 || *wanted == bpf_get_current_pid_tgid() >> 32))
		add_hit();
	return 0;
}

#define COUNTER(name, section) SEC("?" section) int name(void *context) { return hit(); }
#define VERDICT(name, section, verdict) SEC("?" section) int name(void *context) { add_hit(); return verdict; }

COUNTER(tracepoint_named, "tracepoint/syscalls/sys_enter_getsid")
COUNTER(tracepoint_open, "tp")
COUNTER(kprobe_named, "kprobe/__x64_sys_getsid")
COUNTER(kprobe_open, "kprobe")
COUNTER(kretprobe_open, "kretprobe")
COUNTER(kprobe_multi_open, "kprobe.multi")
COUNTER(ksyscall_named, "ksyscall/getsid")
COUNTER(uprobe_named, "uprobe/libc.so.6:getsid")
COUNTER(uprobe_open, "uprobe")
COUNTER(uretprobe_open, "uretprobe")
COUNTER(uprobe_multi_open, "uprobe.multi")
COUNTER(uretprobe_multi_open, "uretprobe.multi")
COUNTER(perf_event_open, "perf_event")
COUNTER(fentry_open, "fentry")
COUNTER(fexit_open, "fexit")
COUNTER(lsm_named, "lsm/task_getsid")

VERDICT(xdp_open, "xdp", XDP_PASS)
VERDICT(tc_open, "tc", -1)
VERDICT(tcx_ingress, "tcx/ingress", -1)
VERDICT(tcx_egress, "tcx/egress", -1)
VERDICT(connect4, "cgroup/connect4", 1)
VERDICT(egress, "cgroup_skb/egress", 1)
VERDICT(socket_operations, "sockops", 1)
VERDICT(lookup, "sk_lookup", SK_PASS)
VERDICT(message, "sk_msg", SK_PASS)
VERDICT(dissector, "flow_dissector", BPF_OK)
COUNTER(iterator_named, "iter/task")
COUNTER(iterator_open, "iter")

// The arguments are the tracepoint's: struct pt_regs *, the system call's number.
SEC("?raw_tp/sys_enter")
int raw_tracepoint_named(struct bpf_raw_tracepoint_args *context)
{
	return context->args[1] == 124 ? hit() : 0; // getsid on x86-64
}

SEC("?raw_tp")
int raw_tracepoint_open(struct bpf_raw_tracepoint_args *context)
{
	return context->args[1] == 124 ? hit() : 0;
}

SEC("?tp_btf/sys_enter")
int btf_tracepoint_named(__u64 *context)
{
	return context[1] == 124 ? hit() : 0;
}

SEC("?tp_btf")
int btf_tracepoint_open(__u64 *context)
{
	return context[1] == 124 ? hit() : 0;
}

SEC("?syscall")
int test_run_only(void *context)
{
	return 0;
}

SEC("?nonsense/hook")
int nonsense(void *context)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
