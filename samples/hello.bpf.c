// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Says hello into the kernel's trace whenever a process is about to execute a program.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp/syscalls/sys_enter_execve")
int hello(void *ctx)
{
	bpf_printk("Hello World!");
	return 0;
}

// The same by a kprobe, for kernels that have them. The question mark makes it optional: -ProgramName hello_kprobe.
SEC("?ksyscall/execve")
int hello_kprobe(void *ctx)
{
	bpf_printk("Hello World!");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
