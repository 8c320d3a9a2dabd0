// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// A loop over bpf_map_lookup_batch: map_reader MAP_ID BATCH. For each line on standard input it reads the map and
// prints how many entries there were, how many nanoseconds that took, and the sum of the first eight bytes of values.

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info), batch = argc == 3 ? atoi(argv[2]) : 0;
	int fd = argc == 3 ? bpf_map_get_fd_by_id(atoi(argv[1])) : -1;
	char *keys, *values;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length)) {
		perror("map_reader");
		return 1;
	}
	keys = malloc((size_t)batch * info.key_size);
	values = malloc((size_t)batch * info.value_size);
	if (!keys || !values)
		return 1;
	while (getchar() != EOF) {
		int64_t start = now();
		uint64_t sum = 0, entries = 0;
		__u64 place[32];
		int result = 0, first = 1;

		while (!result) {
			__u32 count = batch;

			result = bpf_map_lookup_batch(fd, first ? NULL : place, place, keys, values, &count, NULL);
			if (result && result != -ENOENT)
				return 1;
			first = 0;
			for (__u32 i = 0; i < count; i++) {
				uint64_t value;

				memcpy(&value, values + (size_t)i * info.value_size, sizeof(value));
				sum += value;
			}
			entries += count;
		}
		printf("%" PRIu64 " %" PRId64 " %" PRIu64 "\n", entries, now() - start, sum);
		fflush(stdout);
	}
	return 0;
}
