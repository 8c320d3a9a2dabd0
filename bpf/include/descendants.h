// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Keeps the process filters' sets true while processes come and go: a child of a member becomes one, and an
// exited process leaves, so that its id can be used again.
#pragma once

#include "ebee.h"

static __always_inline int on_fork(struct task_struct *parent, struct task_struct *child)
{
	u32 parent_tgid, child_tgid;
	u8 one = 1;
	bool followed, excluded;

	if (BPF_CORE_READ(parent, tgid) == BPF_CORE_READ(child, tgid))
		return 0; // a thread
	parent_tgid = reader_tgid(parent);
	child_tgid = reader_tgid(child);
	followed = (settings.filters & FILTER_DESCENDANTS) && bpf_map_lookup_elem(&processes, &parent_tgid);
	excluded = bpf_map_lookup_elem(&excluded_processes, &parent_tgid);
	// A child in a pid namespace that the reader does not see has no id to know it by: 0 is that of all such.
	if (followed && (!child_tgid || bpf_map_update_elem(&processes, &child_tgid, &one, BPF_ANY)))
		count_lost(LOST_MAP_FULL);
	// Without room an excluded one is shown; nothing is lost.
	if (excluded && child_tgid)
		bpf_map_update_elem(&excluded_processes, &child_tgid, &one, BPF_ANY);
	return 0;
}

static __always_inline int on_exit(struct task_struct *task)
{
	u32 tgid;

	if (BPF_CORE_READ(task, signal, live.counter) > 0)
		return 0; // other threads go on
	tgid = reader_tgid(task);
	bpf_map_delete_elem(&processes, &tgid);
	bpf_map_delete_elem(&excluded_processes, &tgid);
	return 0;
}

SEC("?tp_btf/sched_process_fork")
int BPF_PROG(fork_tp_btf, struct task_struct *parent, struct task_struct *child)
{
	return on_fork(parent, child);
}

SEC("?raw_tp/sched_process_fork")
int BPF_PROG(fork_raw_tp, struct task_struct *parent, struct task_struct *child)
{
	return on_fork(parent, child);
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(exit_tp_btf, struct task_struct *task)
{
	return on_exit(task);
}

SEC("?raw_tp/sched_process_exit")
int BPF_PROG(exit_raw_tp, struct task_struct *task)
{
	return on_exit(task);
}
