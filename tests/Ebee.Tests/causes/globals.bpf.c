// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Variables of many types, which the kernel shows again in the maps they are in.

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

enum mode { MODE_OFF, MODE_ON = 7 };

struct limits {
	__u16 low;
	__s64 high;
	char name[8];
	enum mode mode;
	__u8 bits[3];
};

const volatile int signed_constant = -1;
const volatile struct limits limits_constant = {};
const volatile char text_constant[16] = "before";
volatile __u64 counter = 5;
volatile enum mode mode;
volatile _Bool flag;
volatile __u32 several[4];

SEC("syscall")
int use(void *context)
{
	return signed_constant + limits_constant.low + text_constant[0] + (int)counter + mode + flag + several[3];
}

char LICENSE[] SEC("license") = "GPL";
