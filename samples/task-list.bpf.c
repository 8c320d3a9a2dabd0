// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Lists processes: an iterator is run once for each task whenever somebody reads it.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct process {
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__s32 threads;
	__u64 start_ns; // since boot
	char comm[16];
};

// Keeps the type in the object's BTF, for the reader.
const struct process *unused_process __attribute__((unused));

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct signal_struct {
	int nr_threads;
};

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct task_struct {
	int pid; // the thread's id
	int tgid; // the process's
	__u64 start_boottime;
	struct task_struct *real_parent;
	const struct cred *real_cred;
	struct signal_struct *signal;
	char comm[16];
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

SEC("iter/task")
int list_processes(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct process process = {};

	if (!task || task->pid != task->tgid)
		return 0; // the end, or another thread of a process
	process.pid = task->tgid;
	process.ppid = BPF_CORE_READ(task, real_parent, tgid);
	process.uid = BPF_CORE_READ(task, real_cred, uid.val);
	process.threads = BPF_CORE_READ(task, signal, nr_threads);
	process.start_ns = task->start_boottime;
	BPF_CORE_READ_INTO(&process.comm, task, comm);
	bpf_seq_write(context->meta->seq, &process, sizeof(process));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
