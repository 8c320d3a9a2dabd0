// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Deletions of files and directories.

#define RECORD_MAX (32768 + 8192)
#include "include/descendants.h"

struct file_delete_record {
	struct task_info task;
	u64 inode;
	u32 device; // major << 20 | minor
	s32 return_code;
	u32 operation; // FileDeleteOperation
	u16 directory_length;
	u16 name_length;
	// then: cgroup path, directory (or, without a name, the whole path) as components, name
};
EXPORT_STRUCT(file_delete_record);

char LICENSE[] SEC("license") = "Dual BSD/GPL";
