// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Loads only as it is set: a global must have a value, a map must be of a size, one program must stay out.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 first_constant = 1;
const volatile __u32 is_set = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 0); // none can be made of it
	__type(key, __u32);
	__type(value, __u64);
} sized SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u64);
} choosy_pinned SEC(".maps");

SEC("raw_tp/sched_process_exit")
int choosy(void *context)
{
	__u32 key = first_constant;

	if (!is_set)
		return *(int *)(long)key; // the verifier sees that it is not reached
	bpf_map_lookup_elem(&sized, &key);
	bpf_map_lookup_elem(&choosy_pinned, &key);
	return 0;
}

SEC("iter")
int choosy_iterator(void *context)
{
	return 0;
}

SEC("?raw_tp/sched_process_exit")
int refused(void *context)
{
	return *(int *)(long)first_constant;
}

char LICENSE[] SEC("license") = "GPL";
