// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Deletions as system calls: which call it is, and the record made of its strings and, where the step tp_btf has
// seen the kernel's objects, of these.
#pragma once

#include "deletion.h"

struct deletion_call {
	u32 operation;
	s32 directory; // descriptor
	u64 path;      // user address
	u32 flags;     // of renameat2
};

static __always_inline s64 call_number(struct system_call *call)
{
#ifdef __TARGET_ARCH_x86
	return call->compat ? call->number : call->number & ~X32_SYSCALL_BIT;
#else
	return call->number;
#endif
}

#ifdef __TARGET_ARCH_x86
enum { UNLINK = 87, RMDIR = 84, RENAME = 82, UNLINKAT = 263, RENAMEAT = 264, RENAMEAT2 = 316 };
enum { UNLINK_32 = 10, RMDIR_32 = 40, RENAME_32 = 38, UNLINKAT_32 = 301, RENAMEAT_32 = 302, RENAMEAT2_32 = 353 };
#else
// The first three do not exist; -1 is no number for them, as the kernel gives it to what is no call.
enum { UNLINK = -1000, RMDIR = -1001, RENAME = -1002, UNLINKAT = 35, RENAMEAT = 38, RENAMEAT2 = 276 };
#endif

// Which deletion the system call asks for; the operation is DELETION_NONE for any other call.
static __always_inline void read_deletion_call(struct pt_regs *regs, struct deletion_call *deletion)
{
	struct system_call call;
	s64 number;

	deletion->operation = DELETION_NONE;
	deletion->directory = AT_FDCWD;
	deletion->path = 0;
	deletion->flags = 0;
	read_system_call(regs, &call);
	number = call_number(&call);
#ifdef __TARGET_ARCH_x86
	if (call.compat) {
		number = number == UNLINK_32	? UNLINK
			 : number == RMDIR_32	  ? RMDIR
			 : number == RENAME_32	  ? RENAME
			 : number == UNLINKAT_32  ? UNLINKAT
			 : number == RENAMEAT_32  ? RENAMEAT
			 : number == RENAMEAT2_32 ? RENAMEAT2
						  : -1;
	}
#endif
	switch (number) {
	case UNLINK:
		deletion->operation = DELETION_UNLINK;
		deletion->path = call.arguments[0];
		break;
	case RMDIR:
		deletion->operation = DELETION_REMOVE_DIRECTORY;
		deletion->path = call.arguments[0];
		break;
	case RENAME:
		deletion->operation = DELETION_RENAME_OVER;
		deletion->path = call.arguments[1];
		break;
	case UNLINKAT:
		deletion->operation = call.arguments[2] & AT_REMOVEDIR ? DELETION_REMOVE_DIRECTORY : DELETION_UNLINK;
		deletion->directory = call.arguments[0];
		deletion->path = call.arguments[1];
		break;
	case RENAMEAT2:
		deletion->flags = call.arguments[4];
		// fall through
	case RENAMEAT:
		deletion->operation = DELETION_RENAME_OVER;
		deletion->directory = call.arguments[2];
		deletion->path = call.arguments[3];
		break;
	}
}

// Where the call's path starts: the root for an absolute one, else the descriptor's or the working directory.
// False when there is no such descriptor.
static __always_inline bool read_start(struct task_struct *task, struct deletion_call *call, struct path *start)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	char first = 0;

	bpf_probe_read_user(&first, sizeof(first), (void *)call->path);
	if (first == '/') {
		start->mnt = BPF_CORE_READ(fs, root.mnt);
		start->dentry = BPF_CORE_READ(fs, root.dentry);
	} else if (call->directory == AT_FDCWD) {
		start->mnt = BPF_CORE_READ(fs, pwd.mnt);
		start->dentry = BPF_CORE_READ(fs, pwd.dentry);
	} else {
		struct fdtable *table = BPF_CORE_READ(task, files, fdt);
		struct file **slot = BPF_CORE_READ(table, fd);
		struct file *file = 0;

		if (call->directory < 0 || (u32)call->directory >= BPF_CORE_READ(table, max_fds))
			return false;
		bpf_probe_read_kernel(&file, sizeof(file), slot + call->directory);
		if (!file)
			return false;
		start->mnt = BPF_CORE_READ(file, f_path.mnt);
		start->dentry = BPF_CORE_READ(file, f_path.dentry);
	}
	return true;
}

static __always_inline void append_name(struct scratch *s, struct deletion_call *call)
{
	struct file_delete_record *record = (void *)s->record;

	record->name_length = append_user_string(s, (void *)call->path, PATH_LENGTH_MAX);
	if (!record->name_length)
		cut(s);
}

// What the strings alone say.
static __always_inline void append_start(struct scratch *s, struct task_struct *task, struct deletion_call *call)
{
	struct file_delete_record *record = (void *)s->record;
	struct path start = {};
	u32 at = s->length;

	if (!read_start(task, call, &start))
		return; // the call failed for that: the name stands alone
	append_path_within(s, (u64)start.dentry, (u64)real_mount(start.mnt), PATH_LENGTH_MAX - record->name_length);
	record->directory_length = s->length - at;
}

static __always_inline int on_call_strings(struct task_struct *task, struct deletion_call *call, s32 result,
					   const struct deleted_file *file)
{
	struct scratch *s;

	s = begin_deletion(call->operation, result, file);
	if (!s)
		return 0;
	append_name(s, call);
	append_start(s, task, call);
	end_record(s);
	return 0;
}

// A failed call: of a rename nobody knows whether it would have destroyed anything.
static __always_inline int on_call_failed(struct pt_regs *regs, long result)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct deleted_file unknown = {};
	struct deletion_call call;

	if (result >= 0 || result < -133) // EHWPOISON; above it, the kernel calls again
		return 0;
	read_deletion_call(regs, &call);
	if (call.operation == DELETION_NONE || call.operation == DELETION_RENAME_OVER || is_filtered())
		return 0;
	return on_call_strings(task, &call, result, &unknown);
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(failures_tp_btf, struct pt_regs *regs, long result)
{
	return on_call_failed(regs, result);
}

// The last step: the strings of the calls that succeeded.
SEC("?raw_tp/sys_exit")
int BPF_PROG(deletions_raw_tp, struct pt_regs *regs, long result)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct deleted_file unknown = {};
	struct deletion_call call;

	if (result)
		return settings.include_failed ? on_call_failed(regs, result) : 0;
	read_deletion_call(regs, &call);
	if (call.operation == DELETION_NONE || call.operation == DELETION_RENAME_OVER || is_filtered())
		return 0;
	return on_call_strings(task, &call, 0, &unknown);
}
