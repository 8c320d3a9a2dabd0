// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A program to watch: calls add once for each line of input, which has two numbers.

#include <stdio.h>

__attribute__((noinline)) int add(int first, int second)
{
	__asm__ volatile(""); // or the compiler would keep only what it needs of it
	return first + second;
}

int main(void)
{
	int first, second;

	while (scanf("%d %d", &first, &second) == 2) {
		printf("%d\n", add(first, second));
		fflush(stdout);
	}
	return 0;
}
