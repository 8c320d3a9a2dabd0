// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// No program: the structs in which the kernel describes what it holds, for C# to be made of them.

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/perf_event.h>
#include "include/export.h"

// struct bpf_link_info as of Linux 6.18. The header that is installed may be years older than the kernel that runs, and
// then lacks most kinds of links. What the kernel promised never to move is the same in both.
struct link_info {
	__u32 type;
	__u32 id;
	__u32 prog_id;
	union {
		struct {
			__aligned_u64 tp_name; // in: a buffer
			__u32 tp_name_len;     // in: its size
		} raw_tracepoint;
		struct {
			__u32 attach_type;
			__u32 target_obj_id; // of a program for ext, else of a BTF object
			__u32 target_btf_id;
		} tracing;
		struct {
			__u64 cgroup_id;
			__u32 attach_type;
		} cgroup;
		struct {
			__aligned_u64 target_name;
			__u32 target_name_len;
			union {
				struct {
					__u32 map_id;
				} map;
			};
			union {
				struct {
					__u64 cgroup_id;
					__u32 order;
				} cgroup;
				struct {
					__u32 tid;
					__u32 pid;
				} task;
			};
		} iter;
		struct {
			__u32 netns_ino;
			__u32 attach_type;
		} netns;
		struct {
			__u32 ifindex;
		} xdp;
		struct {
			__u32 map_id;
		} struct_ops;
		struct {
			__u32 pf;
			__u32 hooknum;
			__s32 priority;
			__u32 flags;
		} netfilter;
		struct {
			__aligned_u64 addrs;
			__u32 count; // in: of the addresses that there is room for
			__u32 flags;
			__u64 missed;
			__aligned_u64 cookies;
		} kprobe_multi;
		struct {
			__aligned_u64 path;
			__aligned_u64 offsets;
			__aligned_u64 ref_ctr_offsets;
			__aligned_u64 cookies;
			__u32 path_size;
			__u32 count;
			__u32 flags;
			__u32 pid;
		} uprobe_multi;
		struct {
			__u32 type; // enum bpf_perf_event_type
			__u32 :32;
			union {
				struct {
					__aligned_u64 file_name;
					__u32 name_len;
					__u32 offset;
				} uprobe;
				struct {
					__aligned_u64 func_name;
					__u32 name_len;
					__u32 offset;
					__u64 addr;
					__u64 missed;
				} kprobe;
				struct {
					__aligned_u64 tp_name;
					__u32 name_len;
				} tracepoint;
				struct {
					__u64 config;
					__u32 type;
				} event;
			};
		} perf_event;
		struct {
			__u32 ifindex;
			__u32 attach_type;
		} tcx;
		struct {
			__u32 ifindex;
			__u32 attach_type;
		} netkit;
		struct {
			__u32 map_id;
			__u32 attach_type;
		} sockmap;
	};
} __attribute__((aligned(8)));

// What bpf(2) takes to make links (union bpf_attr, link_create, as of Linux 6.6), also of kinds that are newer than libbpf.
struct link_create {
	__u32 prog_fd;
	__u32 target; // a descriptor, or the index of an interface
	__u32 attach_type;
	__u32 flags;
	union {
		struct {
			__u32 flags;
			__u32 cnt;
			__aligned_u64 syms;
			__aligned_u64 addrs;
			__aligned_u64 cookies;
		} kprobe_multi;
		struct {
			__u32 pf;
			__u32 hooknum;
			__s32 priority;
			__u32 flags;
		} netfilter;
	};
};

struct link_create_tcx {
	__u32 prog_fd;
	__u32 target_ifindex;
	__u32 attach_type;
	__u32 flags;
	__u32 relative_fd;
	__u32 :32;
	__u64 expected_revision;
};

struct link_create_uprobe_multi {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 link_flags;
	__aligned_u64 path;
	__aligned_u64 offsets;
	__aligned_u64 ref_ctr_offsets;
	__aligned_u64 cookies;
	__u32 cnt;
	__u32 flags;
	__u32 pid;
};

// struct btf_type under another name: C# has a BtfType already.
struct type_head {
	__u32 name_off;
	__u32 info;
	__u32 size_or_type;
};
_Static_assert(sizeof(struct type_head) == sizeof(struct btf_type), "struct type_head is struct btf_type");
_Static_assert(__builtin_offsetof(struct type_head, info) == __builtin_offsetof(struct btf_type, info),
	       "struct type_head is struct btf_type");

EXPORT_ENUM(bpf_map_type);
EXPORT_STRUCT(bpf_prog_info);
EXPORT_STRUCT(bpf_map_info);
EXPORT_STRUCT(bpf_btf_info);
EXPORT_STRUCT(bpf_func_info);
EXPORT_STRUCT(type_head);
EXPORT_STRUCT(btf_enum);
EXPORT_STRUCT(link_info);
EXPORT_STRUCT(link_create);
EXPORT_STRUCT(link_create_tcx);
EXPORT_STRUCT(link_create_uprobe_multi);
EXPORT_STRUCT(perf_event_attr);
