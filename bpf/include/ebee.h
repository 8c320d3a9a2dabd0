// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// What every tracer shares: the ring, the lost counter, the settings and the task filter, the head of a record,
// and the writing of one. A tracer defines RECORD_MAX, the bytes of its longest record, before it includes this.
//
// A record is put together in a scratch buffer (a map value can be as long as needed, a per-CPU one ends at 32 KiB),
// and copied to the ring once. Longer loops live in global functions: the verifier checks such a function once,
// whatever calls it, which keeps the load quick and works from Linux 5.8 on. They are told which buffer it is by its
// index.
#pragma once

#include "core_types.h"
#include "export.h"
#define __VMLINUX_H__ // bpf_tracing.h then takes the kernel's names of registers
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// The offset of a field that kernels have in one struct or else in another. The barriers keep the compiler from asking
// for both before it knows which exists: CO-RE makes an instruction of the one that does not that no verifier takes.
#define FIELD_OFFSET_OF_EITHER(type, field, other_type, other_field)                                                   \
	({                                                                                                             \
		u64 __offset;                                                                                          \
		if (bpf_core_field_exists(type, field)) {                                                              \
			__offset = bpf_core_field_offset(type, field);                                                 \
			barrier_var(__offset);                                                                         \
		} else {                                                                                               \
			__offset = bpf_core_field_offset(other_type, other_field);                                     \
			barrier_var(__offset);                                                                         \
		}                                                                                                      \
		__offset;                                                                                              \
	})

#define NAME_LENGTH 16 // TASK_COMM_LEN
#define PATH_LENGTH_MAX 4096
#define COMPONENT_MAX 256 // NAME_MAX and a NUL
#define CHUNK 16 // turns of a loop in one global function; both this and the calls of it count for the verifier
#define CHUNKS 256

// What of a record is not whole.
enum record_flags {
	RECORD_TRUNCATED = 1,     // something was cut off or could not be read
	RECORD_PATH_RESOLVED = 2, // the path comes from the kernel's own objects, not from a system call's strings
	RECORD_EXECUTABLE_DELETED = 4,
	RECORD_DIRECTORY_DELETED = 8, // the working directory
};

enum lost_reason {
	LOST_RING_FULL = 0, // no room in the ring
	LOST_MAP_FULL = 1,  // no room in a map that the event needed
	LOST_BUSY = 2,      // all scratch buffers were taken by programs that others interrupted
	LOST_REASON_COUNT = 3,
};

enum filter_kind {
	FILTER_PROCESS = 1,
	FILTER_EXCLUDED_PROCESS = 2,
	FILTER_NAME = 4,
	FILTER_USER = 8,
	FILTER_CGROUP = 16,
	FILTER_DESCENDANTS = 32, // of the processes asked for, too
};

struct settings {
	enum filter_kind filters;
	u32 pid_namespace; // inode of the reader's
	u32 record_limit;  // bytes; a longer record is cut to this
	u32 cgroup_v1;     // the host has a v1 hierarchy: it names processes that v2 leaves in its root
	u32 include_failed;
};

const volatile struct settings settings = {};

struct cgroup_key {
	u64 id;
	u64 hierarchy; // 0 is v2
};

struct task_info {
	u64 time;      // CLOCK_BOOTTIME, ns
	u64 cgroup_id;
	u32 process_id;
	u32 thread_id;
	u32 parent_process_id;
	u32 host_process_id;
	u32 user_id;
	u32 mount_namespace;
	enum record_flags flags;
	u16 cgroup_path_length;
	u16 terminal_length;
	char name[NAME_LENGTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOST_REASON_COUNT);
	__type(key, u32);
	__type(value, u64);
} lost SEC(".maps");

// The filter sets, of the size that is needed: set before load. They are preallocated here: before Linux 6.1, a tracing
// program with a map that is not makes the kernel warn. Process ids are those of the reader's namespace.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u8);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u8);
} excluded_processes SEC(".maps");

struct process_name {
	char name[NAME_LENGTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct process_name);
	__type(value, u8);
} names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u8);
} users SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct cgroup_key);
	__type(value, u8);
} cgroups SEC(".maps");

#define BASE_MAX 32768 // head, cgroup, paths: all of a record that has a fixed bound

_Static_assert(RECORD_MAX >= BASE_MAX + PATH_LENGTH_MAX, "RECORD_MAX has no room for the last string of the base");

// How a walk ended.
enum walk_end {
	WALK_CUT = 0,   // before its end
	WALK_ROOTED,    // at the root of the task's mount namespace
	WALK_DETACHED,  // at the top of what is not mounted there
	WALK_ALONE,     // at once: a file without a directory, such as memfd
};

struct scratch {
	u32 claims; // who has it or looks whether it is free
	u32 index;
	u32 length; // of the record so far
	u32 limit;  // where the path being written must end
	u32 start;  // where it began
	enum walk_end end;
	u32 again;  // the walk writes no names: it only looks whether all is as it was
	u64 seen;   // what the walk has gone through, as one number
	u64 dentry; // where the walk is
	u64 mount;
	u64 mount_root;
	u64 node;   // kernfs
#ifdef SCRATCH_FIELDS
	SCRATCH_FIELDS // a tracer's own
#endif
	u8 record[RECORD_MAX];
};

// Each CPU has one. A program that finds its CPU's taken, by one that it interrupted, takes one of those that all share.
enum scratch_pool { SCRATCHES_SHARED = 16 };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); // the shared ones, then one for each possible CPU: set before load
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch_at(u32 index)
{
	return bpf_map_lookup_elem(&scratches, &index);
}

static __always_inline void count_lost(u32 reason)
{
	u64 *count = bpf_map_lookup_elem(&lost, &reason);

	if (count)
		*count += 1;
}

// The id that the reader's pid namespace has for a task; 0 when the task is invisible there.
static __always_inline u32 reader_pid(struct task_struct *task)
{
	struct pid *pid;
	u32 level;

	if (settings.pid_namespace == PROC_PID_INIT_INO)
		return BPF_CORE_READ(task, pid);
	pid = BPF_CORE_READ(task, thread_pid);
	level = BPF_CORE_READ(pid, level);
	for (u32 i = 0; i < 32; i++) { // MAX_PID_NS_LEVEL
		struct upid upid;

		// Compilers make one != of both conditions (clang 19), and verifiers before 6.8 then see no end.
		barrier_var(i);
		if (i > level)
			break;
		bpf_probe_read_kernel(&upid, sizeof(upid),
				      (void *)pid + bpf_core_field_offset(struct pid, numbers) + i * bpf_core_type_size(struct upid));
		if (BPF_CORE_READ(upid.ns, ns.inum) == settings.pid_namespace)
			return upid.nr;
	}
	return 0;
}

static __always_inline u32 reader_tgid(struct task_struct *task)
{
	return reader_pid(BPF_CORE_READ(task, group_leader));
}

static __always_inline struct cgroup *subsystem_cgroup(struct css_set *set, u32 subsystem)
{
	struct cgroup_subsys_state *state = 0;

	bpf_probe_read_kernel(&state, sizeof(state),
			      (void *)set + bpf_core_field_offset(struct css_set, subsys) + subsystem * sizeof(state));
	return BPF_CORE_READ(state, cgroup);
}

// The hierarchies of v1 that are looked at, in this order; Host/Cgroups.cs has the same names.
#define FOR_EACH_V1(visit) visit(memory_cgrp_id) visit(pids_cgrp_id) visit(cpu_cgrp_id) visit(devices_cgrp_id) visit(freezer_cgrp_id)
#define V1_CGROUP(set, id)                                                                                             \
	(bpf_core_enum_value_exists(enum cgroup_subsys_id, id) ?                                                       \
		 subsystem_cgroup(set, bpf_core_enum_value(enum cgroup_subsys_id, id)) :                               \
		 0)

// The cgroup that names the task: its v2 one; on a host with v1 hierarchies, where v2 says no more than "/", the
// first v1 one that does.
static __always_inline struct cgroup *task_cgroup(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup *v2 = BPF_CORE_READ(set, dfl_cgrp), *v1;

	if (!settings.cgroup_v1 || BPF_CORE_READ(v2, level) > 0)
		return v2;
#define RETURN_BELOW_ROOT(id)                                                                                          \
	v1 = V1_CGROUP(set, id);                                                                                       \
	if (v1 && BPF_CORE_READ(v1, level) > 0)                                                                        \
		return v1;
	FOR_EACH_V1(RETURN_BELOW_ROOT)
	return v2;
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	if (bpf_core_field_exists(struct kernfs_node___rcu, __parent))
		return BPF_CORE_READ((struct kernfs_node___rcu *)node, __parent);
	return BPF_CORE_READ(node, parent);
}

// Is one of the cgroup's ancestors (itself is the last), from that level on, in the set asked for?
__noinline int in_cgroups_chunk(u64 address, u32 level)
{
	struct cgroup *cgroup = (void *)address;
	struct cgroup_key key = { .hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id) };
	u64 ancestors = FIELD_OFFSET_OF_EITHER(struct cgroup___ids, ancestor_ids, struct cgroup, ancestors);
	u32 last = BPF_CORE_READ(cgroup, level);
	u64 ancestor; // its id, or where it is

	for (int i = 0; i < CHUNK; i++, level++) {
		barrier_var(level);
		if (level > last)
			return 0;
		ancestor = 0;
		bpf_probe_read_kernel(&ancestor, sizeof(ancestor), (void *)cgroup + ancestors + level * sizeof(ancestor));
		key.id = bpf_core_field_exists(struct cgroup___ids, ancestor_ids) ?
				 ancestor :
				 BPF_CORE_READ((struct cgroup *)ancestor, kn, id);
		if (bpf_map_lookup_elem(&cgroups, &key))
			return 1;
	}
	return 0;
}

// Is the cgroup, or one above it, in the set asked for? From the root downwards: who nests cgroups does so below what
// was asked for, be it deeper than the levels that are looked at.
__noinline int in_cgroups(u64 address)
{
	u32 last = BPF_CORE_READ((struct cgroup *)address, level);

	for (u32 i = 0; i < CHUNKS; i++) {
		barrier_var(i);
		if (i * CHUNK > last)
			break;
		if (in_cgroups_chunk(address, i * CHUNK))
			return 1;
	}
	return 0;
}

static __always_inline bool task_in_cgroups(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup *v1;

	if (in_cgroups((u64)BPF_CORE_READ(set, dfl_cgrp)))
		return true;
	if (!settings.cgroup_v1)
		return false;
#define RETURN_WHERE_ASKED_FOR(id)                                                                                     \
	v1 = V1_CGROUP(set, id);                                                                                       \
	if (v1 && in_cgroups((u64)v1))                                                                                 \
		return true;
	FOR_EACH_V1(RETURN_WHERE_ASKED_FOR)
	return false;
}

__noinline int is_filtered_by(u32 filters)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (filters & (FILTER_PROCESS | FILTER_EXCLUDED_PROCESS)) {
		u32 tgid = reader_tgid(task);

		if ((filters & FILTER_PROCESS) && !bpf_map_lookup_elem(&processes, &tgid))
			return 1;
		if ((filters & FILTER_EXCLUDED_PROCESS) && bpf_map_lookup_elem(&excluded_processes, &tgid))
			return 1;
	}
	if (filters & FILTER_NAME) {
		struct process_name name = {};

		bpf_get_current_comm(&name, sizeof(name));
		// What follows the NUL is not always zero.
		bool ended = false;
		for (int i = 0; i < NAME_LENGTH; i++) {
			if (ended)
				name.name[i] = 0;
			else if (!name.name[i])
				ended = true;
		}
		if (!bpf_map_lookup_elem(&names, &name))
			return 1;
	}
	if (filters & FILTER_USER) {
		u32 user = BPF_CORE_READ(task, cred, euid.val);

		if (!bpf_map_lookup_elem(&users, &user))
			return 1;
	}
	if ((filters & FILTER_CGROUP) && !task_in_cgroups(task))
		return 1;
	return 0;
}

// Does nobody want to hear of the current task?
static __always_inline bool is_filtered(void)
{
	return settings.filters && is_filtered_by(settings.filters);
}

static __always_inline void release_scratch(struct scratch *s)
{
	__sync_fetch_and_add(&s->claims, -1);
}

// Whoever adds to the claims and then finds one alone has the buffer. Of two at a time one or none gets it. The sum
// that an atomic addition gives back would be an instruction that kernels before 5.12 do not have.
static __always_inline struct scratch *claim_scratch(u32 index)
{
	struct scratch *s = scratch_at(index);

	if (!s)
		return 0;
	__sync_fetch_and_add(&s->claims, 1);
	if (*(volatile u32 *)&s->claims == 1) {
		s->index = index;
		return s;
	}
	release_scratch(s);
	return 0;
}

// Begins a record. Null when the event has to be counted as lost (done here).
static __always_inline struct scratch *begin_record(u32 head)
{
	struct scratch *s = claim_scratch(SCRATCHES_SHARED + bpf_get_smp_processor_id());

	for (u32 i = 0; !s && i < SCRATCHES_SHARED; i++)
		s = claim_scratch(i);
	if (!s) {
		count_lost(LOST_BUSY);
		return 0;
	}
	s->length = head;
	return s;
}

// Ends a record that is none after all.
static __always_inline void drop_record(struct scratch *s)
{
	release_scratch(s);
}

static __always_inline void end_record(struct scratch *s)
{
	struct task_info *info = (void *)s->record;
	u32 length = s->length;

	if (length > settings.record_limit) {
		length = settings.record_limit;
		info->flags |= RECORD_TRUNCATED;
	}
	barrier_var(length);
	if (length > RECORD_MAX)
		length = RECORD_MAX;
	if (bpf_ringbuf_output(&events, s->record, length, 0))
		count_lost(LOST_RING_FULL);
	release_scratch(s);
}

static __always_inline void cut(struct scratch *s)
{
	((struct task_info *)s->record)->flags |= RECORD_TRUNCATED;
}

// Appends a string of the kernel's, with its NUL. The length it took, 0 when it could not be read.
static __always_inline u32 append_kernel_string(struct scratch *s, const void *string, u32 max)
{
	u64 at = s->length;
	long n;

	barrier_var(at);
	if (at >= BASE_MAX)
		return 0;
	n = bpf_probe_read_kernel_str(s->record + at, max, string);
	if (n <= 0)
		return 0;
	s->length = at + n;
	return n;
}

// As bpf_probe_read_user_str. Of an empty string older kernels (6.12 is one) do not count the NUL, newer ones (6.18) do.
static __always_inline long read_user_string(u8 *to, u32 max, const void *string)
{
	long n = bpf_probe_read_user_str(to, max, string);

	if (n)
		return n;
	*to = 0;
	return 1;
}

static __always_inline u32 append_user_string(struct scratch *s, const void *string, u32 max)
{
	u64 at = s->length;
	long n;

	barrier_var(at);
	if (at >= BASE_MAX)
		return 0;
	n = read_user_string(s->record + at, max, string);
	if (n <= 0)
		return 0;
	s->length = at + n;
	return n;
}

// A path is written as its components from the leaf upwards, each with a NUL, and an empty one for the root of the
// mount namespace; the reader turns them round. One pass over memory, no second buffer. What is not mounted in the
// task's mount namespace (by open_tree, fsmount, umount -l, or a descriptor from elsewhere) has no path there: it
// ends with this in place of the root, as getcwd has it.
#define UNREACHABLE "(unreachable)"

static __always_inline void end_walk(struct scratch *s, enum walk_end end)
{
	u64 at = s->length;

	s->end = end;
	if (s->again)
		return;
	barrier_var(at);
	if (at >= BASE_MAX)
		return;
	if (end == WALK_ROOTED) {
		s->record[at] = 0;
		s->length = at + 1;
	} else if (at + sizeof(UNREACHABLE) <= s->limit) {
		__builtin_memcpy(s->record + at, UNREACHABLE, sizeof(UNREACHABLE));
		s->length = at + sizeof(UNREACHABLE);
	} else {
		s->end = WALK_CUT;
	}
}

static __always_inline void see(struct scratch *s, u64 value)
{
	s->seen = (s->seen ^ value) * 0x9e3779b97f4a7c15;
}

// Whether the walk is done.
__noinline int walk_path_chunk(u32 index)
{
	struct scratch *s = scratch_at(index);

	if (!s)
		return 1;
	for (int i = 0; i < CHUNK; i++) {
		struct dentry *dentry = (void *)s->dentry;
		struct dentry *parent;
		u32 sequence, length;

		if (s->dentry == s->mount_root) {
			struct mount *mount = (void *)s->mount;
			struct mount *up = BPF_CORE_READ(mount, mnt_parent);

			if (up == mount || !up) {
				struct task_struct *task = (void *)bpf_get_current_task();
				struct mnt_namespace *namespace = BPF_CORE_READ(task, nsproxy, mnt_ns);

				end_walk(s, namespace && BPF_CORE_READ(mount, mnt_ns) == namespace &&
							    BPF_CORE_READ(namespace, root) == mount ?
						    WALK_ROOTED :
						    WALK_DETACHED);
				return 1;
			}
			s->dentry = (u64)BPF_CORE_READ(mount, mnt_mountpoint);
			s->mount = (u64)up;
			s->mount_root = (u64)BPF_CORE_READ(up, mnt.mnt_root);
			see(s, s->mount);
			see(s, s->dentry);
			continue;
		}
		// A seqcount_spinlock_t begins with a seqcount_t, and that with the number.
		sequence = 0;
		bpf_probe_read_kernel(&sequence, sizeof(sequence), (void *)dentry + bpf_core_field_offset(struct dentry, d_seq));
		parent = BPF_CORE_READ(dentry, d_parent);
		see(s, (u64)parent);
		see(s, sequence & 1 ? s->again : sequence); // odd while a rename is under way: never the same
		if (parent == dentry && s->length > s->start) {
			end_walk(s, WALK_DETACHED); // above the mount's root, which was moved away
			return 1;
		}
		if (!s->again) {
			length = append_kernel_string(s, BPF_CORE_READ(dentry, d_name.name), PATH_LENGTH_MAX);
			if (!length || s->length > s->limit) {
				s->length -= length;
				return 1;
			}
		}
		if (parent == dentry) {
			s->end = WALK_ALONE;
			return 1;
		}
		s->dentry = (u64)parent;
	}
	return 0;
}

__noinline int walk_path(u32 index, u64 dentry, u64 mount, u32 again)
{
	struct scratch *s = scratch_at(index);

	if (!s)
		return 0;
	s->dentry = dentry;
	s->mount = mount;
	s->mount_root = (u64)BPF_CORE_READ((struct mount *)mount, mnt.mnt_root);
	s->seen = 0;
	s->again = again;
	s->end = WALK_CUT;
	for (int i = 0; i < CHUNKS; i++)
		if (walk_path_chunk(index))
			break;
	return 0;
}

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

// As append_path_within. No lock keeps others from renaming and mounting meanwhile, so the way is gone twice: when the
// second walk meets the same as the first, the path was there, whole, between the two.
__noinline int append_path_at(u32 index, u64 dentry, u64 mount, u32 max)
{
	struct scratch *s = scratch_at(index);
	u64 seen;

	if (!s)
		return 0;
	s->start = s->length;
	s->limit = s->start + max;
	for (int i = 0; i < 2; i++) {
		s->length = s->start;
		walk_path(index, dentry, mount, 0);
		if (s->end == WALK_CUT)
			break;
		seen = s->seen;
		walk_path(index, dentry, mount, 1);
		if (s->seen == seen)
			return s->end == WALK_ROOTED;
	}
	cut(s);
	return 0;
}

// Appends the path of a dentry seen through a mount, of at most so many bytes. Whether it is that of a file below the
// root of the task's mount namespace. What is not whole, or changed on the way, is cut.
static __always_inline bool append_path_within(struct scratch *s, u64 dentry, u64 mount, u32 max)
{
	return append_path_at(s->index, dentry, mount, max);
}

static __always_inline bool append_path_of(struct scratch *s, u64 dentry, u64 mount)
{
	return append_path_within(s, dentry, mount, PATH_LENGTH_MAX);
}

static __always_inline bool append_path(struct scratch *s, struct path *path)
{
	struct vfsmount *mnt = BPF_CORE_READ(path, mnt);

	if (!mnt) {
		cut(s);
		return false;
	}
	return append_path_of(s, (u64)BPF_CORE_READ(path, dentry), (u64)real_mount(mnt));
}

// Whether /proc would call it deleted (d_unlinked). A file without a directory, such as memfd, never was in one.
static __always_inline bool is_unlinked(struct dentry *dentry)
{
	return !BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(dentry, d_parent) != dentry;
}

// The dentry that an inode's list of names has.
static __always_inline struct dentry *dentry_of_alias(struct hlist_node *alias)
{
	return (void *)alias - FIELD_OFFSET_OF_EITHER(struct dentry___anonymous, d_alias, struct dentry, d_u);
}

__noinline int walk_cgroup_chunk(u32 index)
{
	struct scratch *s = scratch_at(index);

	if (!s)
		return 1;
	for (int i = 0; i < CHUNK; i++) {
		struct kernfs_node *node = (void *)s->node;
		struct kernfs_node *parent = kernfs_parent(node);
		u32 length;

		if (!parent) {
			end_walk(s, WALK_ROOTED);
			return 1;
		}
		length = append_kernel_string(s, BPF_CORE_READ(node, name), PATH_LENGTH_MAX);
		if (!length || s->length > s->limit) {
			s->length -= length;
			return 1;
		}
		s->node = (u64)parent;
	}
	return 0;
}

__noinline int append_task_at(u32 index)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct scratch *s = scratch_at(index);
	struct kernfs_node *node;
	struct cgroup *cgroup;
	struct task_info *info;
	u32 start;

	if (!s)
		return 0;
	info = (void *)s->record;
	cgroup = task_cgroup(task);
	node = BPF_CORE_READ(cgroup, kn);
	start = s->length;
	info->time = bpf_ktime_get_boot_ns();
	info->process_id = reader_tgid(task);
	info->thread_id = reader_pid(task);
	info->parent_process_id = reader_tgid(BPF_CORE_READ(task, real_parent));
	info->host_process_id = BPF_CORE_READ(task, tgid);
	info->user_id = BPF_CORE_READ(task, cred, euid.val);
	info->mount_namespace = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	info->flags = 0;
	info->terminal_length = 0;
	bpf_get_current_comm(info->name, sizeof(info->name));
	info->cgroup_id = BPF_CORE_READ(node, id);
	s->node = (u64)node;
	s->limit = start + PATH_LENGTH_MAX;
	s->again = 0;
	s->end = WALK_CUT;
	for (int i = 0; i < CHUNKS; i++)
		if (walk_cgroup_chunk(index))
			break;
	if (s->end == WALK_CUT)
		cut(s);
	info->cgroup_path_length = s->length - start;
	return 0;
}

// Fills the head of the current task's record and appends the cgroup's path.
static __always_inline void append_task(struct scratch *s)
{
	append_task_at(s->index);
}

// The system call that a task is in, as the native 64-bit table numbers it.
struct system_call {
	s64 number;
	u64 arguments[5];
	bool compat; // made through the 32-bit table: number is of that one, and pointers have 32 bits
};

static __always_inline void read_system_call(struct pt_regs *regs, struct system_call *call)
{
#ifdef __TARGET_ARCH_x86
	struct task_struct *task = (void *)bpf_get_current_task();

	call->number = (s32)BPF_CORE_READ(regs, orig_ax); // the kernel looks at 32 bits, too
	call->compat = BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
	if (call->compat) {
		call->arguments[0] = (u32)BPF_CORE_READ(regs, bx);
		call->arguments[1] = (u32)BPF_CORE_READ(regs, cx);
		call->arguments[2] = (u32)BPF_CORE_READ(regs, dx);
		call->arguments[3] = (u32)BPF_CORE_READ(regs, si);
		call->arguments[4] = (u32)BPF_CORE_READ(regs, di);
		return;
	}
	call->arguments[0] = BPF_CORE_READ(regs, di);
	call->arguments[1] = BPF_CORE_READ(regs, si);
	call->arguments[2] = BPF_CORE_READ(regs, dx);
	call->arguments[3] = BPF_CORE_READ(regs, r10);
	call->arguments[4] = BPF_CORE_READ(regs, r8);
#else
	struct task_struct *task = (void *)bpf_get_current_task();

	// A 32-bit process numbers its calls otherwise: they are not decoded.
	call->number = BPF_CORE_READ(task, thread_info.flags) & TIF_32BIT ? -1 : BPF_CORE_READ(regs, syscallno);
	call->compat = false;
	call->arguments[0] = BPF_CORE_READ(regs, orig_x0);
	call->arguments[1] = BPF_CORE_READ(regs, user_regs.regs[1]);
	call->arguments[2] = BPF_CORE_READ(regs, user_regs.regs[2]);
	call->arguments[3] = BPF_CORE_READ(regs, user_regs.regs[3]);
	call->arguments[4] = BPF_CORE_READ(regs, user_regs.regs[4]);
#endif
}

EXPORT_ENUM(lost_reason);
EXPORT_ENUM(scratch_pool);
EXPORT_STRUCT(cgroup_key);
