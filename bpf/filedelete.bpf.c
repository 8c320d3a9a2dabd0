// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Deletions of files and directories: one record for each system call that deleted. The steps of the ladder are
// in a header each.
#include "include/deletion_vfs.h"
#include "include/deletion_call.h"
#include "include/deletion_touch.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
