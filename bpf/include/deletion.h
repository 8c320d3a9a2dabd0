// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The record of a deletion, and what all steps of its ladder share.
#pragma once

#define RECORD_MAX (32768 + 8192)
#include "descendants.h"

enum deletion_operation {
	DELETION_NONE = 0,
	DELETION_UNLINK = 1,
	DELETION_REMOVE_DIRECTORY = 2,
	DELETION_RENAME_OVER = 3,
};

struct file_delete_record {
	struct task_info task;
	u64 inode;
	u32 device; // major << 20 | minor
	s32 return_code;
	enum deletion_operation operation;
	u16 name_length;
	u16 directory_length;
	// then: cgroup path, name (none when the directory below is the whole path), directory as components
};
EXPORT_STRUCT(file_delete_record);

struct deleted_file {
	u64 inode;
	u32 device;
};

static __always_inline void read_deleted(struct deleted_file *file, struct inode *inode)
{
	file->inode = BPF_CORE_READ(inode, i_ino);
	file->device = BPF_CORE_READ(inode, i_sb, s_dev);
}

static __always_inline struct scratch *begin_deletion(u32 operation, s32 return_code, const struct deleted_file *file)
{
	struct scratch *s = begin_record(sizeof(struct file_delete_record));
	struct file_delete_record *record;

	if (!s)
		return 0;
	record = (void *)s->record;
	append_task(s);
	record->inode = file->inode;
	record->device = file->device;
	record->return_code = return_code;
	record->operation = operation;
	record->name_length = 0;
	record->directory_length = 0;
	return s;
}
