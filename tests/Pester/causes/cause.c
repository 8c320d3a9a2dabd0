// Does what the lines of its input say, and answers each with a line of what it did: what the samples have to see.
//   open N       opens /dev/null N times
//   traffic N    sends and receives N messages of each kind; answers with the bytes sent and received
//   burn MS      computes for so much of the processor's time; answers with the milliseconds that it took of it
//   connect PORT connects to 127.0.0.1; answers with the error number
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long processor_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

__attribute__((noinline)) long burn(long until)
{
	volatile long sum = 0;

	while (processor_ms() < until)
		for (int i = 0; i < 1000000; i++)
			sum += i;
	return sum;
}

static void open_files(long count)
{
	for (long i = 0; i < count; i++)
		close(open("/dev/null", O_RDONLY));
	printf("%ld\n", count);
}

static void talk(long count)
{
	long sent = 0, received = 0;
	char data[4096] = { 0 };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
		exit(1);
	for (long i = 0; i < count; i++) {
		struct iovec parts = { data, 100 + i };
		struct msghdr message = { .msg_iov = &parts, .msg_iovlen = 1 };

		sent += sendmsg(ends[0], &message, 0);
		parts.iov_len = sizeof(data);
		recv(ends[1], data, sizeof(data), MSG_PEEK); // leaves it there, so it is not received
		received += recvmsg(ends[1], &message, 0);
		sent += send(ends[0], data, 10, 0);
		received += recv(ends[1], data, sizeof(data), 0);
		sent += write(ends[0], data, 1);
		received += read(ends[1], data, sizeof(data));
	}
	send(-1, data, 10, 0); // fails
	recv(ends[1], data, sizeof(data), MSG_DONTWAIT); // fails, there is none
	close(ends[0]);
	close(ends[1]);
	printf("%ld %ld\n", sent, received);
}

static void try_connect(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int client = socket(AF_INET, SOCK_STREAM, 0);

	printf("%d\n", connect(client, (void *)&address, sizeof(address)) ? errno : 0);
	close(client);
}

int main(void)
{
	char what[16];
	long amount;

	printf("%d %lx\n", getpid(), (unsigned long)burn);
	fflush(stdout);
	while (scanf("%15s %ld", what, &amount) == 2) {
		if (!strcmp(what, "open"))
			open_files(amount);
		else if (!strcmp(what, "traffic"))
			talk(amount);
		else if (!strcmp(what, "connect"))
			try_connect((int)amount);
		else if (!strcmp(what, "burn")) {
			long before = processor_ms();

			burn(before + amount);
			printf("%ld\n", processor_ms() - before);
		}
		fflush(stdout);
	}
	return 0;
}
