// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The machine's tasks as text and as records.

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

struct task_row {
	int pid;
	int tgid;
	char comm[16];
};
const struct task_row *unused __attribute__((unused));

SEC("?iter/task")
int as_text(struct bpf_iter__task *ctx)
{
	static const char format[] = "%d %d %s\n";
	struct task_struct *task = ctx->task;
	__u64 values[3];

	if (!task)
		return 0;
	values[0] = task->pid;
	values[1] = task->tgid;
	values[2] = (__u64)task->comm;
	bpf_seq_printf(ctx->meta->seq, format, sizeof(format), values, sizeof(values));
	return 0;
}

SEC("?iter/task")
int as_records(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_row row = {};

	if (!task)
		return 0;
	row.pid = task->pid;
	row.tgid = task->tgid;
	bpf_probe_read_kernel(row.comm, sizeof(row.comm), task->comm);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

static const char piece[4096] = { [0 ... 4095] = 'x' };

// A line without an end: some 16 KiB for each task.
SEC("?iter/task")
int as_one_line(struct bpf_iter__task *ctx)
{
	static const char format[] = "%s";
	__u64 values[1];
	int i;

	for (i = 0; ctx->task && i < 4; i++)
		bpf_seq_write(ctx->meta->seq, piece, sizeof(piece));
	values[0] = (__u64)"";
	bpf_seq_printf(ctx->meta->seq, format, sizeof(format), values, sizeof(values));
	return 0;
}

static __u64 until;

static int wait(__u32 i, void *context)
{
	return bpf_ktime_get_ns() > until; // 1 ends the loop
}

// Three seconds in all, however many tasks there are, and no output until the end.
SEC("?iter/task")
int as_nothing(struct bpf_iter__task *ctx)
{
	static const char format[] = "%s";
	__u64 values[1];

	if (!until)
		until = bpf_ktime_get_ns() + 3000000000ULL;
	bpf_loop(1 << 23, wait, NULL, 0);
	if (!ctx->task) {
		values[0] = (__u64)"end\n";
		bpf_seq_printf(ctx->meta->seq, format, sizeof(format), values, sizeof(values));
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
