// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The few kernel types the tracers read, each with only the fields used. Every access is a CO-RE relocation,
// so neither offsets nor the rest of a struct matter. A name with a ___suffix is the same kernel type as an
// older or newer kernel has it.
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef int pid_t;
typedef u32 dev_t;
typedef unsigned short umode_t;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	u32 val;
} kuid_t;

typedef struct {
	u32 val;
} kgid_t;

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct super_block;
struct dentry;

typedef struct {
	s64 counter;
} atomic64_t;

struct rw_semaphore {
	atomic64_t owner;
};

struct inode {
	umode_t i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	struct rw_semaphore i_rwsem;
};

struct super_block {
	dev_t s_dev;
	int s_stack_depth;
};

struct qstr {
	union {
		u64 hash_len;
	};
	const unsigned char *name;
};

struct dentry {
	struct {
	} d_seq; // a number, odd while a rename changes the rest
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mnt_namespace {
	struct ns_common ns;
	struct mount *root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct kernfs_node {
	struct kernfs_node *parent; // before linux 6.15
	const char *name;
	u64 id;
};

struct kernfs_node___rcu {
	struct kernfs_node *__parent; // linux 6.15
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
	struct cgroup *ancestors[1]; // by level, itself the last
};

struct cgroup___ids {
	u64 ancestor_ids[1]; // before linux 6.1
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

enum cgroup_subsys_id {
	memory_cgrp_id,
	pids_cgrp_id,
	cpu_cgrp_id,
	devices_cgrp_id,
	freezer_cgrp_id,
};

struct tty_struct {
	char name[64];
};

struct signal_struct {
	atomic_t live;
	struct tty_struct *tty;
};

struct cred {
	kuid_t uid;
	kuid_t euid;
	kgid_t egid;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
	struct file *exe_file;
};

struct thread_info {
	unsigned long flags; // arm64: TIF_32BIT
	u32 status; // x86: TS_COMPAT
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	void *worker_private;
	pid_t pid;
	pid_t tgid;
	char comm[16];
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct signal_struct *signal;
	const struct cred *cred;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	kuid_t loginuid;       // CONFIG_AUDIT
	unsigned int sessionid; // CONFIG_AUDIT
};

struct linux_binprm {
	unsigned long p; // where the arguments begin
	int argc;
	const char *filename;
};

struct renamedata {
	struct inode *old_dir; // before linux 6.17
	struct dentry *old_parent; // linux 6.17
	struct dentry *old_dentry;
	struct inode *new_dir; // before linux 6.17
	struct dentry *new_parent; // linux 6.17
	struct dentry *new_dentry;
	unsigned int flags;
};

struct io_wq_work {
	unsigned int flags;
};

struct io_kiocb {
	u8 opcode;
	struct io_wq_work work;
};

struct io_worker {
	struct io_wq_work *cur_work;
};

enum io_uring_op___linux {
	IORING_OP_RENAMEAT,
	IORING_OP_UNLINKAT,
};

#ifdef __TARGET_ARCH_x86
struct pt_regs {
	unsigned long r10;
	unsigned long r8;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long bx;
	unsigned long cx;
	unsigned long ax;
	unsigned long orig_ax;
};
#else
struct user_pt_regs {
	u64 regs[31];
};
struct pt_regs {
	struct user_pt_regs user_regs;
	u64 orig_x0;
	s32 syscallno;
};
#endif

// tracepoint/sched/sched_process_exec, from its format file.
struct trace_event_raw_sched_process_exec {
	u32 __data_loc_filename;
};

#pragma clang attribute pop

// Values of macros, which no BTF carries (include/linux, include/uapi/linux).
#define PROC_PID_INIT_INO 0xEFFFFFFCU
#define PF_IO_WORKER 0x00000010
#define RWSEM_NONSPINNABLE (1UL << 1)
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define AT_FDCWD -100
#define AT_REMOVEDIR 0x200
#define RENAME_EXCHANGE (1 << 1)
#define TS_COMPAT 0x0002
#define TIF_32BIT (1UL << 22)
#define X32_SYSCALL_BIT 0x40000000
