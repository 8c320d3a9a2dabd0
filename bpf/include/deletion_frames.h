// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// What a deletion that is under way keeps on its kernel stack: do_unlinkat and do_rmdir the struct path of the
// directory and the dentry, do_renameat2 the struct renamedata and the paths of both directories. They are found by
// what must hold of them at this moment, and of nothing that an earlier call left there: the task holds the locks of
// the directory and of the file, whose dentry is still a name in that directory.
#pragma once

#include "deletion.h"

#define FRAME_WORDS 320 // of the stack, from where the program runs: frames, and the kernel's random offset of 1 KiB
#define FRAME_SIZE (FRAME_WORDS * 8)
#define POINTERS_AT (BASE_MAX + FRAME_SIZE) // those of the words that can be pointers to data, together
#define POINTER_COUNT_AT (POINTERS_AT + FRAME_SIZE) // in memory: the verifier would follow a register's every value
#define NEIGHBOURS 24 // words; both the path and the last component's qstr are variables of one function

_Static_assert(RECORD_MAX >= POINTER_COUNT_AT + 8, "a copy of the stack does not fit behind the record's base");

struct frames {
	struct scratch *scratch;
	u64 words;
	u64 task;
	u64 mount;     // struct vfsmount
	u64 directory; // dentry
	u64 victim;    // dentry; without an inode where a rename destroys nothing
	u64 other;     // dentry of a second name of the file in the directory
	u32 at;        // where the path of the directory is
	u32 rank;      // of what was found: of a stacked file system more than of those below it
	u32 is_victim; // the last component that the call looked up is that of victim, of other
	u32 is_other;
	u32 unsure;    // which of the file's names in the directory it is
	u32 exchange;  // the rename destroys nothing, although both names have a file
};

static __always_inline u64 frame_word(struct frames *f, u64 index)
{
	if (index >= f->words)
		return 0;
	barrier_var(index);
	if (index >= FRAME_WORDS)
		return 0;
	return *(u64 *)(f->scratch->record + BASE_MAX + index * 8);
}

static __always_inline bool is_kernel_data(u64 word)
{
#ifdef __TARGET_ARCH_x86
	if (word >= 0xffffffff80000000) // code
		return false;
#endif
	return word >> 56 == 0xff && !(word & 7); // also where pages have five levels
}

// Does the task hold the inode's lock for writing? Whoever deletes in a directory holds the directory's, and the
// deleted file's.
static __always_inline bool is_locked_by(u64 task, struct inode *inode)
{
	return inode && (BPF_CORE_READ(inode, i_rwsem.owner.counter) & ~(u64)RWSEM_NONSPINNABLE) == task;
}

static __always_inline u32 rank_of(struct super_block *sb)
{
	return BPF_CORE_READ(sb, s_stack_depth) + 1;
}

static __always_inline bool is_name(struct dentry *dentry)
{
	return BPF_CORE_READ(dentry, d_hash.pprev);
}

static __always_inline void keep_pointer(struct frames *f, u64 word)
{
	u64 *count = (u64 *)(f->scratch->record + POINTER_COUNT_AT), at = *count;

	barrier_var(at);
	if (at >= FRAME_WORDS)
		return;
	*(u64 *)(f->scratch->record + POINTERS_AT + at * 8) = word;
	*count = at + 1;
}

static __always_inline u64 pointer_at(struct frames *f, u64 index)
{
	barrier_var(index);
	if (index >= FRAME_WORDS)
		return 0;
	return *(u64 *)(f->scratch->record + POINTERS_AT + index * 8);
}

static long find_directory(u64 index, struct frames *f)
{
	u64 mount = frame_word(f, index), directory = frame_word(f, index + 1);
	struct super_block *sb;

	if (!is_kernel_data(mount))
		return 0;
	if (!f->victim)
		keep_pointer(f, mount);
	if ( !is_kernel_data(directory) || (f->victim && directory != f->directory))
		return 0;
	sb = BPF_CORE_READ((struct dentry *)directory, d_sb);
	if (!sb || BPF_CORE_READ((struct vfsmount *)mount, mnt_sb) != sb)
		return 0;
	if (f->victim) {
		f->mount = mount;
		return 1;
	}
	if (!is_locked_by(f->task, BPF_CORE_READ((struct dentry *)directory, d_inode)) || rank_of(sb) <= f->rank)
		return 0;
	f->rank = rank_of(sb);
	f->mount = mount;
	f->directory = directory;
	f->at = index;
	return 0;
}

static long find_victim(u64 index, struct frames *f)
{
	u64 word = pointer_at(f, index);
	struct dentry *dentry = (void *)word;

	if (word == f->victim || word == f->other ||
	    (u64)BPF_CORE_READ(dentry, d_parent) != f->directory || !is_locked_by(f->task, BPF_CORE_READ(dentry, d_inode)) ||
	    !is_name(dentry))
		return 0;
	if (!f->victim)
		f->victim = word;
	else if (!f->other)
		f->other = word;
	else
		f->unsure = 1;
	return f->unsure;
}

static long find_component(u64 index, struct frames *f)
{
	struct dentry *victim = (void *)f->victim, *other = (void *)f->other;
	u64 word = frame_word(f, f->at + index - NEIGHBOURS);

	f->is_victim |= word == BPF_CORE_READ(victim, d_name.hash_len);
	f->is_other |= word == BPF_CORE_READ(other, d_name.hash_len);
	return 0;
}

// Two names of one file in one directory: the stack has the other from before. The call's own variables tell which.
static __always_inline void choose_victim(struct frames *f)
{
	if (!f->other || f->unsure)
		return;
	bpf_loop(2 * NEIGHBOURS, find_component, f, 0);
	if (f->is_other && !f->is_victim)
		f->victim = f->other;
	else if (f->is_other == f->is_victim)
		f->unsure = 1;
}

#define RENAME_WORD(index, field) frame_word(f, (index) + bpf_core_field_offset(struct renamedata, field) / 8)

static long find_rename(u64 index, struct frames *f)
{
	u64 old = RENAME_WORD(index, old_dentry), new = RENAME_WORD(index, new_dentry);
	struct dentry *from, *to;
	struct inode *source, *target;
	struct super_block *sb;
	u32 exchange;

	if (!is_kernel_data(old) || !is_kernel_data(new) || old == new)
		return 0;
	from = BPF_CORE_READ((struct dentry *)old, d_parent);
	to = BPF_CORE_READ((struct dentry *)new, d_parent);
	if (bpf_core_field_exists(struct renamedata, new_parent)) {
		if (RENAME_WORD(index, old_parent) != (u64)from || RENAME_WORD(index, new_parent) != (u64)to)
			return 0;
	} else if (RENAME_WORD(index, old_dir) != (u64)BPF_CORE_READ(from, d_inode) ||
		   RENAME_WORD(index, new_dir) != (u64)BPF_CORE_READ(to, d_inode)) {
		return 0;
	}
	if (!is_locked_by(f->task, BPF_CORE_READ(from, d_inode)) || !is_locked_by(f->task, BPF_CORE_READ(to, d_inode)))
		return 0;
	sb = BPF_CORE_READ(to, d_sb);
	source = BPF_CORE_READ((struct dentry *)old, d_inode);
	target = BPF_CORE_READ((struct dentry *)new, d_inode);
	// Of two names of one file a rename removes neither.
	exchange = ((u32)RENAME_WORD(index, flags) & RENAME_EXCHANGE) || source == target;
	if (!source || rank_of(sb) <= f->rank || (target && !exchange && !is_locked_by(f->task, target)))
		return 0;
	f->rank = rank_of(sb);
	f->directory = (u64)to;
	f->victim = new;
	f->exchange = exchange;
	return 0;
}

// Copies what of the task's kernel stack is in use. The context of a program is on it.
static __always_inline bool copy_frames(struct frames *f, void *ctx)
{
	u64 size = (u64)bpf_task_pt_regs((void *)bpf_get_current_task_btf()) - (u64)ctx;

	if (size > FRAME_SIZE)
		size = FRAME_SIZE;
	barrier_var(size);
	if (size > FRAME_SIZE || bpf_probe_read_kernel(f->scratch->record + BASE_MAX, size, ctx))
		return false;
	f->words = size / 8;
	return true;
}

// Finds what a deletion of the current task is about to delete, and the mount that it is named through.
static __always_inline void find_deletion(struct frames *f, void *ctx, bool is_rename)
{
	if (!copy_frames(f, ctx))
		return;
	if (is_rename) {
		bpf_loop(f->words, find_rename, f, 0);
		if (f->victim)
			bpf_loop(f->words, find_directory, f, 0);
	} else {
		u64 *count = (u64 *)(f->scratch->record + POINTER_COUNT_AT);

		*count = 0;
		bpf_loop(f->words, find_directory, f, 0);
		if (f->directory)
			bpf_loop(*count, find_victim, f, 0);
		choose_victim(f);
	}
}
