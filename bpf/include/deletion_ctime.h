// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The step tp_btf, for kernels without fentry and kprobes (Linux 6.13): a deletion sets the change time of the
// directory and of the file it deletes, which three tracepoints tell. Between them and the system call's return a
// thread's touched inodes are kept; at the return they say which directory it really was, which file was deleted,
// and whether a rename destroyed one.
#pragma once

#include "deletion_call.h"

#define TOUCHED_MAX 16
#define ALIASES_MAX 64 // names of an inode that are looked at
#define MOUNTS_MAX 32 // mounts of a file system that are looked at

struct touched_inode {
	u64 inode;
	u64 dentry; // its first name's, and that one's directory, as they were then
	u64 parent;
	u32 mode;
	u32 device_special; // i_rdev
	struct deleted_file file;
};

struct touched_inodes {
	u32 count;
	u32 device;  // of the file system touched last
	u32 stacked; // that is an overlay: what it does beneath itself does not count
	// What they turn out to be.
	u32 source; // of a rename: the index of the moved one
	u64 directory; // dentry
	u64 victim; // dentry whose name is the deleted one, where that is certain
	struct deleted_file file;
	struct touched_inode items[TOUCHED_MAX];
};

static const struct touched_inodes none_touched;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64); // bpf_get_current_pid_tgid
	__type(value, struct touched_inodes);
} touched SEC(".maps");

static __always_inline struct dentry *first_dentry(struct inode *inode)
{
	struct hlist_node *node = BPF_CORE_READ(inode, i_dentry.first);

	return node ? (void *)node - bpf_core_field_offset(struct dentry, d_u) : 0;
}

static __always_inline bool is_directory(u32 mode)
{
	return (mode & S_IFMT) == S_IFDIR;
}

// A bounded look into the array, in a form that the verifier follows.
static __always_inline struct touched_inode *touched_at(struct touched_inodes *all, u64 index)
{
	if (index >= TOUCHED_MAX)
		return 0;
	barrier_var(index);
	return &all->items[index & (TOUCHED_MAX - 1)];
}

static __always_inline void set_dentry(struct touched_inode *item, struct dentry *dentry)
{
	item->dentry = (u64)dentry;
	item->parent = dentry ? (u64)BPF_CORE_READ(dentry, d_parent) : 0;
}

static __always_inline int on_change_time(struct inode *inode)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	u64 thread = bpf_get_current_pid_tgid();
	struct deletion_call call;
	struct touched_inodes *all;
	struct touched_inode *item;
	struct dentry *dentry;
	bool stacked;

	read_deletion_call((void *)bpf_task_pt_regs((void *)task), &call);
	if (call.operation == DELETION_NONE || is_filtered())
		return 0;
	all = bpf_map_lookup_elem(&touched, &thread);
	if (!all) {
		if (bpf_map_update_elem(&touched, &thread, &none_touched, BPF_ANY)) {
			count_lost(LOST_MAP_FULL);
			return 0;
		}
		all = bpf_map_lookup_elem(&touched, &thread);
		if (!all)
			return 0;
	}
	stacked = BPF_CORE_READ(inode, i_sb, s_magic) == OVERLAYFS_SUPER_MAGIC;
	if (stacked && !all->stacked) {
		all->stacked = 1;
		all->count = 0;
	}
	if (stacked != all->stacked)
		return 0;
	all->device = BPF_CORE_READ(inode, i_sb, s_dev);
	dentry = first_dentry(inode);
	for (u32 i = 0; i < TOUCHED_MAX; i++) {
		if (i < all->count && all->items[i].inode == (u64)inode) {
			// An overlay touches an inode that it has just made, before that one has a name.
			if (!all->items[i].dentry)
				set_dentry(&all->items[i], dentry);
			return 0;
		}
	}
	item = touched_at(all, all->count);
	if (!item)
		return 0;
	all->count++;
	item->inode = (u64)inode;
	set_dentry(item, dentry);
	item->mode = BPF_CORE_READ(inode, i_mode);
	item->device_special = BPF_CORE_READ(inode, i_rdev);
	read_deleted(&item->file, inode);
	return 0;
}

SEC("?tp_btf/inode_set_ctime_to_ts")
int BPF_PROG(ctime_set, struct inode *inode)
{
	return on_change_time(inode);
}

SEC("?tp_btf/ctime_ns_xchg")
int BPF_PROG(ctime_exchange, struct inode *inode)
{
	return on_change_time(inode);
}

SEC("?tp_btf/ctime_xchg_skip")
int BPF_PROG(ctime_skip, struct inode *inode)
{
	return on_change_time(inode);
}

// The last component of the call's path, which append_name wrote: where it begins and ends in the record.
struct component {
	u32 at;
	u32 end;
	u32 begin;
	u32 length;
	u32 after_slash;
	char name[COMPONENT_MAX];
	char other[COMPONENT_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct component);
} components SEC(".maps");

__noinline int scan_component_chunk(u32 index)
{
	struct scratch *s = scratch_at(index);
	u32 zero = 0;
	struct component *c = bpf_map_lookup_elem(&components, &zero);

	if (!s || !c)
		return 1;
	for (int i = 0; i < CHUNK; i++) {
		u64 at = c->at;
		char letter;

		barrier_var(at);
		if (at >= BASE_MAX || at >= c->end)
			return 1;
		letter = s->record[at];
		c->at = at + 1;
		if (!letter)
			return 1;
		if (letter == '/') {
			c->after_slash = 1;
		} else {
			if (c->after_slash)
				c->begin = at;
			c->after_slash = 0;
			c->length = at + 1 - c->begin;
		}
	}
	return 0;
}

// Puts the last component of the call's path into components.name, padded with zeros.
static __always_inline struct component *read_component(struct scratch *s, u32 from, u32 length)
{
	u32 zero = 0;
	struct component *c = bpf_map_lookup_elem(&components, &zero);
	u64 begin, size;

	if (!c)
		return 0;
	c->at = from;
	c->begin = from;
	c->end = from + length;
	c->length = 0;
	c->after_slash = 0;
	for (int i = 0; i < CHUNKS; i++)
		if (scan_component_chunk(s->index))
			break;
	__builtin_memset(c->name, 0, sizeof(c->name));
	begin = c->begin;
	size = c->length;
	barrier_var(begin);
	barrier_var(size);
	if (begin >= BASE_MAX || size >= COMPONENT_MAX)
		return 0;
	bpf_probe_read_kernel(c->name, size, s->record + begin);
	return c;
}

static __always_inline struct touched_inodes *this_touched(void)
{
	u64 thread = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&touched, &thread);
}

// The touched inode of that index, when it is on the file system that the call was made on: of overlays on overlays,
// the one touched last.
static __always_inline struct touched_inode *outer_touched(struct touched_inodes *all, u32 index)
{
	struct touched_inode *item;

	if (index >= all->count)
		return 0;
	item = touched_at(all, index);
	return item && item->file.device == all->device ? item : 0;
}

__noinline int was_touched(u64 inode)
{
	struct touched_inodes *all = this_touched();

	if (!all)
		return 0;
	for (u32 i = 0; i < TOUCHED_MAX; i++)
		if (i < all->count && all->items[i].inode == inode)
			return 1;
	return 0;
}

// Was a touched file, but for the one of that index, in this directory?
__noinline int was_parent(u64 directory, u32 except)
{
	struct touched_inodes *all = this_touched();

	if (!all)
		return 0;
	for (u32 i = 0; i < TOUCHED_MAX; i++)
		if (i < all->count && i != except && all->items[i].parent == directory)
			return 1;
	return 0;
}

// Is the dentry's name the last component of the call's path?
__noinline int has_component_name(u64 dentry)
{
	u32 zero = 0;
	struct component *c = bpf_map_lookup_elem(&components, &zero);

	if (!c)
		return 0;
	__builtin_memset(c->other, 0, sizeof(c->other));
	bpf_probe_read_kernel_str(c->other, sizeof(c->other), BPF_CORE_READ((struct dentry *)dentry, d_name.name));
	for (int i = 0; i < COMPONENT_MAX / 8; i++)
		if (((u64 *)c->name)[i] != ((u64 *)c->other)[i])
			return 0;
	return 1;
}

// Is the inode what the rename moved: has it the new name now, in a directory that was touched? Another of its names
// may be the same, in the old directory: at first only the directory that another touched file was in will do.
__noinline int is_rename_source(u32 index, u32 any_directory)
{
	struct touched_inodes *all = this_touched();
	struct touched_inode *item = all ? outer_touched(all, index) : 0;
	struct dentry *dentry;

	if (!item)
		return 0;
	dentry = first_dentry((struct inode *)item->inode);
	for (int i = 0; i < ALIASES_MAX && dentry; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		struct hlist_node *next = BPF_CORE_READ(dentry, d_u.d_alias.next);

		if (BPF_CORE_READ(dentry, d_hash.pprev) && has_component_name((u64)dentry) &&
		    was_touched((u64)BPF_CORE_READ(parent, d_inode)) &&
		    (any_directory || was_parent((u64)parent, index))) {
			all->source = index;
			all->directory = (u64)parent;
			return 1;
		}
		dentry = next ? (void *)next - bpf_core_field_offset(struct dentry, d_u) : 0;
	}
	return 0;
}

// Appends the directory's path through the mount that the call started from when that is one of its file system,
// else through the first mount of that file system in the task's mount namespace that reaches it.
static __always_inline bool append_directory(struct scratch *s, struct task_struct *task, struct dentry *directory,
					     struct path *start)
{
	struct mnt_namespace *namespace = BPF_CORE_READ(task, nsproxy, mnt_ns);
	struct super_block *sb = BPF_CORE_READ(directory, d_sb);
	u32 at = s->length;
	struct mount *mount;
	u64 end = 0;
	bool listed = !bpf_core_field_exists(struct mount, mnt_next_for_sb);

	if (BPF_CORE_READ(start->mnt, mnt_sb) == sb && append_path_of(s, (u64)directory, (u64)real_mount(start->mnt)))
		return true;
	if (listed) {
		end = (u64)sb + bpf_core_field_offset(struct super_block___list, s_mounts);
		mount = (void *)BPF_CORE_READ((struct super_block___list *)sb, s_mounts.next);
	} else {
		mount = BPF_CORE_READ(sb, s_mounts);
	}
	for (int i = 0; i < MOUNTS_MAX && mount && (u64)mount != end; i++) {
		if (listed)
			mount = (void *)mount - bpf_core_field_offset(struct mount___list, mnt_instance);
		s->length = at;
		if (BPF_CORE_READ(mount, mnt_ns) == namespace && append_path_of(s, (u64)directory, (u64)mount))
			return true;
		if (listed)
			mount = (void *)BPF_CORE_READ((struct mount___list *)mount, mnt_instance.next);
		else
			mount = BPF_CORE_READ(mount, mnt_next_for_sb);
	}
	s->length = at;
	return false;
}

// Is the touched inode a name in another touched one?
__noinline int is_child(u32 index)
{
	struct touched_inodes *all = this_touched();
	struct touched_inode *item = all ? touched_at(all, index) : 0;
	u64 parent = item ? item->parent : 0;

	if (!parent)
		return 0;
	for (u32 i = 0; i < TOUCHED_MAX; i++)
		if (i < all->count && i != index && all->items[i].dentry == parent)
			return 1;
	return 0;
}

// Takes a touched inode of an unlink or rmdir for the directory or for the deleted file.
__noinline int sort_deleted(u32 index, u32 operation)
{
	struct touched_inodes *all = this_touched();
	struct touched_inode *item = all ? outer_touched(all, index) : 0;
	u64 inode = item ? item->inode : 0;

	if (!item)
		return 0;
	if (operation == DELETION_UNLINK ? is_directory(item->mode) : item->dentry && !is_child(index)) {
		all->directory = item->dentry;
		return 0;
	}
	all->file = item->file;
	// A file that had other names may be known by one of these.
	if (is_directory(item->mode) || !BPF_CORE_READ((struct inode *)inode, i_nlink))
		all->victim = item->dentry;
	return 0;
}

// Takes a touched inode of a rename for the file it destroyed, when it is that.
__noinline int sort_destroyed(u32 index)
{
	struct touched_inodes *all = this_touched();
	struct touched_inode *item = all ? outer_touched(all, index) : 0;
	struct touched_inode *source = all ? touched_at(all, all->source) : 0;

	if (!item || !source || item == source || is_directory(item->mode) != is_directory(source->mode))
		return 0;
	if (is_directory(item->mode)) {
		// Neither of the two directories, which still have their names.
		struct dentry *dentry = (void *)item->dentry;

		if (item->parent != all->directory || item->dentry == all->directory || BPF_CORE_READ(dentry, d_hash.pprev))
			return 0;
	} else if ((item->mode & S_IFMT) == S_IFCHR && !item->device_special) {
		struct dentry *dentry = (void *)item->dentry;

		if (!dentry || BPF_CORE_READ(dentry, d_hash.pprev))
			return 0; // a whiteout that the rename left
	}
	all->file = item->file;
	return 1;
}

// The name as the kernel has it, where the deleted file had but this one; else as the call's string has it now, which
// another thread may have changed since.
static __always_inline void append_victim(struct scratch *s, struct deletion_call *call, struct touched_inodes *all)
{
	struct file_delete_record *record = (void *)s->record;
	struct dentry *victim = (void *)all->victim;

	if (victim && all->directory && (u64)BPF_CORE_READ(victim, d_parent) == all->directory)
		record->name_length = append_kernel_string(s, BPF_CORE_READ(victim, d_name.name), COMPONENT_MAX);
	if (!record->name_length)
		append_name(s, call);
}

static __always_inline int on_call_touched(struct task_struct *task, struct deletion_call *call, struct touched_inodes *all)
{
	struct file_delete_record *record;
	struct path start = {};
	struct scratch *s;
	u32 at;

	s = begin_deletion(call->operation, 0, &all->file);
	if (!s)
		return 0;
	record = (void *)s->record;
	if (call->operation == DELETION_RENAME_OVER) {
		bool destroyed = false;

		at = s->length;
		append_name(s, call);
		if (read_component(s, at, record->name_length))
			for (u32 i = 0; i < 2 * TOUCHED_MAX && !all->directory; i++)
				is_rename_source(i % TOUCHED_MAX, i / TOUCHED_MAX);
		if (all->directory)
			for (u32 i = 0; i < TOUCHED_MAX; i++)
				destroyed |= sort_destroyed(i);
		if (!destroyed) {
			drop_record(s);
			return 0;
		}
	} else {
		for (u32 i = 0; i < TOUCHED_MAX; i++)
			sort_deleted(i, call->operation);
		append_victim(s, call, all);
	}
	record->inode = all->file.inode;
	at = s->length;
	if (all->directory && read_start(task, call, &start) && append_directory(s, task, (void *)all->directory, &start)) {
		record->task.flags |= RECORD_PATH_RESOLVED;
		record->directory_length = s->length - at;
		record->device = all->device;
	} else {
		append_start(s, task, call);
	}
	end_record(s);
	return 0;
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(deletions_tp_btf, struct pt_regs *regs, long result)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct touched_inodes *all;
	struct deletion_call call;
	u64 thread;

	if (result > 0)
		return 0;
	read_deletion_call(regs, &call);
	if (call.operation == DELETION_NONE)
		return 0;
	thread = bpf_get_current_pid_tgid();
	all = bpf_map_lookup_elem(&touched, &thread);
	if (!all && is_filtered()) // what was touched has passed the filter
		return 0;
	if (result) {
		if (settings.include_failed)
			on_call_failed(regs, result);
	} else if (all && !(call.flags & RENAME_EXCHANGE)) {
		on_call_touched(task, &call, all);
	} else if (call.operation != DELETION_RENAME_OVER) {
		on_call_strings(task, &call, 0);
	}
	if (all)
		bpf_map_delete_elem(&touched, &thread);
	return 0;
}
