// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// libbpf's own ring buffer reader: ring_reader MAP_ID. For each line on standard input it drains the ring and prints
// how many records there were, how many nanoseconds that took, and the sum of their first eight bytes.

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t sum;

static int on_record(void *context, void *data, size_t size)
{
	sum += *(uint64_t *)data;
	return 0;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? bpf_map_get_fd_by_id(atoi(argv[1])) : -1;
	struct ring_buffer *ring = fd >= 0 ? ring_buffer__new(fd, on_record, NULL, NULL) : NULL;

	if (!ring) {
		perror("ring_reader");
		return 1;
	}
	while (getchar() != EOF) {
		int64_t start, end;
		int records;

		sum = 0;
		start = now();
		records = ring_buffer__consume(ring);
		end = now();
		printf("%d %" PRId64 " %" PRIu64 "\n", records, end - start, sum);
		fflush(stdout);
	}
	ring_buffer__free(ring);
	return 0;
}
