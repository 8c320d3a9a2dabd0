// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The step tp_btf, for kernels without fentry and kprobes (Linux 6.13). A deletion sets the change time of the
// directory or of the file, which three tracepoints tell while the call still holds its locks: what it deletes, and
// its path, are read then. The return of the system call says whether it did. An io_uring's worker makes no system
// call: there, the change time of the deleted file itself says it.
#pragma once

#include "deletion_call.h"
#include "deletion_frames.h"

enum deletion_outcome {
	OUTCOME_UNKNOWN = 0,
	OUTCOME_FILTERED = 1,
	OUTCOME_NOTHING = 2, // a rename to a name that was free
	OUTCOME_DELETION = 3,
	OUTCOME_TOLD = 4,
};

#define SHORT_PATH_MAX 1600 // more would make of the state more than 2 KiB, which takes the kernel five times as long

// What a thread's deletion is, as long as it is under way. It goes with its thread.
struct deletion_state {
	u64 request; // of an io_uring, and when that was queued; 0 of a system call
	u64 queued;
	u64 victim;    // inode
	u64 directory; // inode, of a stacked file system; it need not touch its own inode of what only a lower layer has
	struct deleted_file file;
	enum deletion_outcome outcome;
	u32 operation;
	u32 flags;
	u32 path_length;
	u8 path[SHORT_PATH_MAX]; // else in long_paths
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct deletion_state);
} deletions SEC(".maps");

struct long_path {
	u8 path[PATH_LENGTH_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct long_path);
} long_paths SEC(".maps");

// When an io_uring's request was given to a worker: requests reuse each other's memory.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} queued_requests SEC(".maps");

static __always_inline u32 request_operation(struct io_kiocb *request)
{
	u8 opcode = BPF_CORE_READ(request, opcode);

	return opcode == bpf_core_enum_value(enum io_uring_op___linux, IORING_OP_UNLINKAT) ? DELETION_UNLINK
	     : opcode == bpf_core_enum_value(enum io_uring_op___linux, IORING_OP_RENAMEAT) ? DELETION_RENAME_OVER
											     : DELETION_NONE;
}

SEC("?tp_btf/io_uring_queue_async_work")
int BPF_PROG(request_queued, struct io_kiocb *request)
{
	u64 key = (u64)request, now = bpf_ktime_get_ns();

	if (request_operation(request) != DELETION_NONE)
		bpf_map_update_elem(&queued_requests, &key, &now, BPF_ANY);
	return 0;
}

// The request that an io_uring's worker works on, if it deletes.
static __always_inline u64 read_request(struct task_struct *task, struct deletion_call *call)
{
	struct io_kiocb *request;
	struct io_worker *worker;
	struct io_wq_work *work;

	call->operation = DELETION_NONE;
	call->flags = 0;
	if (!bpf_core_type_exists(struct io_worker))
		return 0;
	worker = BPF_CORE_READ(task, worker_private);
	work = BPF_CORE_READ(worker, cur_work);
	if (!work)
		return 0;
	request = (void *)work - bpf_core_field_offset(struct io_kiocb, work);
	call->operation = request_operation(request);
	return (u64)request;
}

static __always_inline bool is_directory(struct inode *inode)
{
	return (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFDIR;
}

// Keeps what the call is about to delete, with its path as it is now.
static __always_inline void keep(struct deletion_state *state, struct frames *f)
{
	struct scratch *s = f->scratch;
	struct dentry *victim = (void *)f->victim, *directory = (void *)f->directory;
	struct inode *inode = BPF_CORE_READ(victim, d_inode);
	u32 start = sizeof(struct file_delete_record), length;
	struct long_path *long_path;

	if (!inode || f->exchange) {
		state->outcome = OUTCOME_NOTHING;
		return;
	}
	state->outcome = OUTCOME_DELETION;
	state->victim = (u64)inode;
	state->directory = f->rank > 1 ? (u64)BPF_CORE_READ(directory, d_inode) : 0;
	read_deleted(&state->file, inode);
	if (state->operation != DELETION_RENAME_OVER)
		state->operation = is_directory(inode) ? DELETION_REMOVE_DIRECTORY : DELETION_UNLINK;
	if (!f->mount || f->unsure)
		return;
	s->length = start;
	((struct task_info *)s->record)->flags = 0;
	if (append_path_of(s, f->victim, (u64)real_mount((struct vfsmount *)f->mount)))
		state->flags = RECORD_PATH_RESOLVED;
	state->flags |= ((struct task_info *)s->record)->flags;
	length = s->length - start;
	barrier_var(length);
	if (length <= SHORT_PATH_MAX) {
		if (!bpf_probe_read_kernel(state->path, length, s->record + start))
			state->path_length = length;
		return;
	}
	long_path = bpf_task_storage_get(&long_paths, (void *)bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	barrier_var(length);
	if (long_path && length <= PATH_LENGTH_MAX && !bpf_probe_read_kernel(long_path->path, length, s->record + start))
		state->path_length = length;
}

static __always_inline void find_and_keep(struct deletion_state *state, void *ctx, struct task_struct *task)
{
	struct frames f = { .task = (u64)task };

	f.scratch = begin_record(sizeof(struct file_delete_record));
	if (!f.scratch)
		return;
	find_deletion(&f, ctx, state->operation == DELETION_RENAME_OVER);
	if (f.victim)
		keep(state, &f);
	drop_record(f.scratch);
}

static __always_inline long read_path(u8 *to, struct deletion_state *state)
{
	u32 length = state->path_length;
	struct long_path *long_path;

	barrier_var(length);
	if (length <= SHORT_PATH_MAX)
		return bpf_probe_read_kernel(to, length, state->path);
	long_path = bpf_task_storage_get(&long_paths, (void *)bpf_get_current_task_btf(), 0, 0);
	barrier_var(length);
	return long_path && length <= PATH_LENGTH_MAX ? bpf_probe_read_kernel(to, length, long_path->path) : -1;
}

// The record of a deletion with the path that the state has.
static __always_inline void tell(struct deletion_state *state)
{
	struct scratch *s = begin_deletion(state->operation, 0, &state->file);
	struct file_delete_record *record;
	u64 at;

	if (!s)
		return;
	record = (void *)s->record;
	at = s->length;
	barrier_var(at);
	if (at < BASE_MAX && !read_path(s->record + at, state)) {
		s->length = at + state->path_length;
		record->directory_length = state->path_length;
		record->task.flags |= state->flags;
	}
	end_record(s);
}

static __always_inline int on_touch(void *ctx, struct inode *inode)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	bool is_worker = BPF_CORE_READ(task, flags) & PF_IO_WORKER;
	struct deletion_state *state;
	struct deletion_call call;
	u64 request = 0, *queued;

	if (is_worker)
		request = read_request(task, &call);
	else
		read_deletion_call((void *)bpf_task_pt_regs((void *)task), &call);
	if (call.operation == DELETION_NONE || !is_locked_by((u64)task, inode))
		return 0;
	state = bpf_task_storage_get(&deletions, (void *)task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!state)
		return 0; // the system call's return tells of it by its strings
	if (is_worker) {
		queued = bpf_map_lookup_elem(&queued_requests, &request);
		if (state->request != request || state->queued != (queued ? *queued : 0)) {
			if (state->outcome == OUTCOME_DELETION)
				count_lost(LOST_UNKNOWN);
			state->request = request;
			state->queued = queued ? *queued : 0;
			state->outcome = OUTCOME_UNKNOWN;
			state->flags = 0;
			state->path_length = 0;
		}
	}
	if (state->outcome == OUTCOME_UNKNOWN) {
		state->operation = call.operation;
		if (is_filtered())
			state->outcome = OUTCOME_FILTERED;
		else
			find_and_keep(state, ctx, task);
	}
	if (is_worker && state->outcome == OUTCOME_DELETION &&
	    ((u64)inode == state->victim || (u64)inode == state->directory)) {
		state->outcome = OUTCOME_TOLD;
		tell(state);
	}
	return 0;
}

SEC("?tp_btf/inode_set_ctime_to_ts")
int BPF_PROG(ctime_set, struct inode *inode)
{
	return on_touch(ctx, inode);
}

SEC("?tp_btf/ctime_ns_xchg")
int BPF_PROG(ctime_exchange, struct inode *inode)
{
	return on_touch(ctx, inode);
}

SEC("?tp_btf/ctime_xchg_skip")
int BPF_PROG(ctime_skip, struct inode *inode)
{
	return on_touch(ctx, inode);
}

static __always_inline void on_call_done(struct task_struct *task, struct deletion_call *call, struct deletion_state *state)
{
	enum deletion_outcome outcome = state ? state->outcome : OUTCOME_UNKNOWN;
	struct deleted_file unknown = {};

	if (outcome == OUTCOME_DELETION && state->path_length) {
		tell(state);
	} else if (outcome == OUTCOME_DELETION) {
		on_call_strings(task, call, 0, &state->file);
	} else if (outcome == OUTCOME_UNKNOWN && call->operation != DELETION_RENAME_OVER) {
		if (!is_filtered())
			on_call_strings(task, call, 0, &unknown);
	} else if (outcome == OUTCOME_UNKNOWN && state) {
		count_lost(LOST_UNKNOWN);
	}
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(deletions_tp_btf, struct pt_regs *regs, long result)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct deletion_state *state;
	struct deletion_call call;

	if (result > 0)
		return 0;
	read_deletion_call(regs, &call);
	if (call.operation == DELETION_NONE)
		return 0;
	state = bpf_task_storage_get(&deletions, (void *)task, 0, 0);
	if (!result)
		on_call_done(task, &call, state);
	else if (settings.include_failed)
		on_call_failed(regs, result);
	if (state && state->path_length > SHORT_PATH_MAX)
		bpf_task_storage_delete(&long_paths, (void *)task);
	if (state)
		bpf_task_storage_delete(&deletions, (void *)task);
	return 0;
}
