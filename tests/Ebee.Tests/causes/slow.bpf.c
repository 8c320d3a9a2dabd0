// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A program that the verifier follows for a minute, until it has seen a million instructions.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
volatile unsigned int numbers[1024];
SEC("raw_tp/sched_process_exit")
int slow(void *context)
{
	unsigned int i, sum = numbers[0];
	for (i = 0; i < 4000000; i++)
		sum += numbers[(sum ^ i) & 1023];
	return sum & 1;
}
char LICENSE[] SEC("license") = "GPL";
