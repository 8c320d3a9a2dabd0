// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// exec_loop COUNT:        runs /bin/true so often, one after the other, and prints how many nanoseconds it took
// exec_loop --pause USEC: runs it for ever, with a pause after each

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>

extern char **environ;

static void run(void)
{
	char *arguments[] = { "/bin/true", NULL };
	pid_t pid;
	int status;

	if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) || waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "exec_loop: /bin/true: %s\n", strerror(errno));
		exit(1);
	}
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--pause")) {
		struct timespec pause = { .tv_nsec = atol(argv[2]) * 1000 };

		prctl(PR_SET_PDEATHSIG, SIGKILL); // it must not outlive the bench
		for (;;) {
			run();
			nanosleep(&pause, NULL);
		}
	}
	if (argc == 2) {
		long count = atol(argv[1]);
		int64_t start = now();

		for (long i = 0; i < count; i++)
			run();
		printf("%" PRId64 "\n", now() - start);
		return 0;
	}
	fprintf(stderr, "usage: exec_loop COUNT | --pause USEC\n");
	return 2;
}
