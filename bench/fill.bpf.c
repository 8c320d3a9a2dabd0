// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Fills a ring with copies of one record, as fast as the kernel can. Run by hand (bpf_prog_test_run), attached to
// nothing. The ring may be its own or, by bpf_map__reuse_fd, another object's.

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define LENGTH_MAX 32768
#define RECORDS_MAX (8 << 20) // BPF_MAX_LOOPS

struct record {
	__u32 length;
	__u8 bytes[LENGTH_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record);
} records SEC(".maps");

static long write_one(__u32 index, struct record **record)
{
	__u32 length = (*record)->length;

	if (length > LENGTH_MAX)
		return 1;
	return bpf_ringbuf_output(&ring, (*record)->bytes, length, 0) != 0; // full: the end
}

SEC("syscall")
int fill(void *context)
{
	__u32 zero = 0;
	struct record *record = bpf_map_lookup_elem(&records, &zero);

	return record ? bpf_loop(RECORDS_MAX, write_one, &record, 0) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
