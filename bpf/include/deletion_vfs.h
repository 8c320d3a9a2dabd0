// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The steps fentry and kprobe. security_path_unlink, _rmdir and _rename see what a system call is about to delete,
// with the mount it is named through; the return of vfs_unlink, vfs_rmdir or vfs_rename says whether it did. On a
// stacked file system these run once more inside themselves, for a dentry that no security_path_* has seen.
//
// Where the compiler inlined vfs_unlink or vfs_rmdir into the system calls (GCC 10 did in Debian's 5.10) none of their
// hooks runs. d_delete, of another file, is called by both when they have deleted: it then says so.
#pragma once

#include "deletion.h"

struct pending_deletion {
	u64 dentry;  // the one that vfs_* is given; for a rename, the old name's, which moves onto the new name
	u64 mount;
	u32 operation;
	u32 depth;   // calls of vfs_* not yet returned; fentry counts the first alone
	struct deleted_file file;
};

// A refusal between security_path_* and vfs_* leaves its entry behind. It goes with its thread, and takes nobody's room.
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct pending_deletion);
} pending_by_task SEC(".maps");

// Before Linux 5.12 such programs have no task storage: the oldest entries make way.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u64); // bpf_get_current_pid_tgid
	__type(value, struct pending_deletion);
} pending_by_thread SEC(".maps");

static __always_inline bool has_task_storage(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_check_mtu); // linux 5.12
}

static __always_inline struct pending_deletion *get_pending(void)
{
	u64 thread = bpf_get_current_pid_tgid();

	return has_task_storage() ? bpf_task_storage_get(&pending_by_task, (void *)bpf_get_current_task_btf(), 0, 0)
				  : bpf_map_lookup_elem(&pending_by_thread, &thread);
}

static __always_inline void set_pending(const struct pending_deletion *pending)
{
	u64 thread = bpf_get_current_pid_tgid();

	if (has_task_storage()) {
		struct pending_deletion *own = bpf_task_storage_get(&pending_by_task, (void *)bpf_get_current_task_btf(), 0,
								    BPF_LOCAL_STORAGE_GET_F_CREATE);

		if (own)
			*own = *pending;
		else
			count_lost(LOST_MAP_FULL);
	} else if (bpf_map_update_elem(&pending_by_thread, &thread, pending, BPF_ANY)) {
		count_lost(LOST_MAP_FULL);
	}
}

static __always_inline void delete_pending(void)
{
	u64 thread = bpf_get_current_pid_tgid();

	if (has_task_storage())
		bpf_task_storage_delete(&pending_by_task, (void *)bpf_get_current_task_btf());
	else
		bpf_map_delete_elem(&pending_by_thread, &thread);
}

static __always_inline int on_path(struct path *directory, struct dentry *dentry, struct inode *inode, u32 operation)
{
	struct pending_deletion pending = {};

	if (!inode || is_filtered())
		return 0;
	pending.dentry = (u64)dentry;
	pending.mount = (u64)real_mount(BPF_CORE_READ(directory, mnt));
	pending.operation = operation;
	read_deleted(&pending.file, inode);
	set_pending(&pending);
	return 0;
}

static __always_inline int on_path_delete(struct path *directory, struct dentry *dentry, u32 operation)
{
	return on_path(directory, dentry, BPF_CORE_READ(dentry, d_inode), operation);
}

static __always_inline int on_path_rename(struct dentry *old, struct path *directory, struct dentry *new, u32 flags)
{
	struct inode *destroyed = BPF_CORE_READ(new, d_inode);

	// Two names of one file: the kernel then does nothing.
	if ((flags & RENAME_EXCHANGE) || destroyed == BPF_CORE_READ(old, d_inode))
		return 0;
	return on_path(directory, old, destroyed, DELETION_RENAME_OVER);
}

static __always_inline int on_deleted(struct pending_deletion *pending, int result)
{
	struct file_delete_record *record;
	struct pending_deletion done = *pending;
	struct scratch *s;
	u32 start;

	delete_pending();
	if (result)
		return 0;
	s = begin_deletion(done.operation, 0, &done.file);
	if (!s)
		return 0;
	record = (void *)s->record;
	start = s->length;
	if (append_path_of(s, done.dentry, done.mount))
		record->task.flags |= RECORD_PATH_RESOLVED;
	record->directory_length = s->length - start;
	end_record(s);
	return 0;
}

static __always_inline int on_fexit(void *ctx, u64 dentry)
{
	struct pending_deletion *pending = get_pending();
	u64 result = 0;

	if (!pending || pending->dentry != dentry)
		return 0;
	bpf_get_func_ret(ctx, &result);
	return on_deleted(pending, (int)result);
}

static __always_inline int on_fentry(u64 dentry)
{
	struct pending_deletion *pending = get_pending();

	if (pending && pending->dentry == dentry)
		pending->depth = 1;
	return 0;
}

static __always_inline int on_d_delete(struct dentry *dentry)
{
	struct pending_deletion *pending = get_pending();
	u64 expected;

	if (!pending || pending->depth || pending->operation == DELETION_RENAME_OVER)
		return 0;
	// What is equal may be taken for the other: the pointer, which the verifier knows to be one, for the number.
	expected = pending->dentry;
	barrier_var(expected);
	if (expected != (u64)dentry)
		return 0;
	return on_deleted(pending, 0);
}

SEC("?fentry/security_path_unlink")
int BPF_PROG(path_unlink_fentry, struct path *directory, struct dentry *dentry)
{
	return on_path_delete(directory, dentry, DELETION_UNLINK);
}

SEC("?fentry/security_path_rmdir")
int BPF_PROG(path_rmdir_fentry, struct path *directory, struct dentry *dentry)
{
	return on_path_delete(directory, dentry, DELETION_REMOVE_DIRECTORY);
}

SEC("?fentry/security_path_rename")
int BPF_PROG(path_rename_fentry, struct path *old_directory, struct dentry *old, struct path *new_directory,
	     struct dentry *new, unsigned int flags)
{
	return on_path_rename(old, new_directory, new, flags);
}

// The arguments' number differs between kernels, so they and the result are read by index (Linux 5.17, whose
// vfs_* have the dentry third, and the rename's in a struct).
SEC("?fentry/vfs_unlink")
int unlink_fentry(void *ctx)
{
	u64 dentry = 0;

	bpf_get_func_arg(ctx, 2, &dentry);
	return on_fentry(dentry);
}

SEC("?fentry/vfs_rmdir")
int rmdir_fentry(void *ctx)
{
	u64 dentry = 0;

	bpf_get_func_arg(ctx, 2, &dentry);
	return on_fentry(dentry);
}

SEC("?fentry/d_delete")
int BPF_PROG(delete_fentry, struct dentry *dentry)
{
	return on_d_delete(dentry);
}

SEC("?fexit/vfs_unlink")
int unlink_fexit(void *ctx)
{
	u64 dentry = 0;

	bpf_get_func_arg(ctx, 2, &dentry);
	return on_fexit(ctx, dentry);
}

SEC("?fexit/vfs_rmdir")
int rmdir_fexit(void *ctx)
{
	u64 dentry = 0;

	bpf_get_func_arg(ctx, 2, &dentry);
	return on_fexit(ctx, dentry);
}

SEC("?fexit/vfs_rename")
int rename_fexit(void *ctx)
{
	u64 rename = 0;

	bpf_get_func_arg(ctx, 0, &rename);
	return on_fexit(ctx, (u64)BPF_CORE_READ((struct renamedata *)rename, old_dentry));
}

SEC("?kprobe/security_path_unlink")
int BPF_KPROBE(path_unlink_kprobe, struct path *directory, struct dentry *dentry)
{
	return on_path_delete(directory, dentry, DELETION_UNLINK);
}

SEC("?kprobe/security_path_rmdir")
int BPF_KPROBE(path_rmdir_kprobe, struct path *directory, struct dentry *dentry)
{
	return on_path_delete(directory, dentry, DELETION_REMOVE_DIRECTORY);
}

SEC("?kprobe/security_path_rename")
int BPF_KPROBE(path_rename_kprobe, struct path *old_directory, struct dentry *old, struct path *new_directory,
	       struct dentry *new, unsigned int flags)
{
	return on_path_rename(old, new_directory, new, flags);
}

// Of nested calls only the one for the pending dentry begins the count; its return ends it.
static __always_inline int on_kprobe(u64 one, u64 other)
{
	struct pending_deletion *pending = get_pending();

	if (pending && (pending->depth || pending->dentry == one || pending->dentry == other))
		pending->depth++;
	return 0;
}

static __always_inline int on_kretprobe(int result)
{
	struct pending_deletion *pending = get_pending();

	if (!pending || !pending->depth || --pending->depth)
		return 0;
	return on_deleted(pending, result);
}

// The dentry is the third argument from Linux 5.12 on, the second before.
SEC("?kprobe/vfs_unlink")
int BPF_KPROBE(unlink_kprobe, void *first, u64 second, u64 third)
{
	return on_kprobe(second, third);
}

SEC("?kprobe/vfs_rmdir")
int BPF_KPROBE(rmdir_kprobe, void *first, u64 second, u64 third)
{
	return on_kprobe(second, third);
}

SEC("?kprobe/vfs_rename")
int BPF_KPROBE(rename_kprobe, struct renamedata *rename, u64 second)
{
	u64 old = bpf_core_type_exists(struct renamedata) ? (u64)BPF_CORE_READ(rename, old_dentry) : 0;

	return on_kprobe(old, second);
}

SEC("?kprobe/d_delete")
int BPF_KPROBE(delete_kprobe, struct dentry *dentry)
{
	return on_d_delete(dentry);
}

SEC("?kretprobe/vfs_unlink")
int BPF_KRETPROBE(unlink_kretprobe, int result)
{
	return on_kretprobe(result);
}

SEC("?kretprobe/vfs_rmdir")
int BPF_KRETPROBE(rmdir_kretprobe, int result)
{
	return on_kretprobe(result);
}

SEC("?kretprobe/vfs_rename")
int BPF_KRETPROBE(rename_kretprobe, int result)
{
	return on_kretprobe(result);
}
