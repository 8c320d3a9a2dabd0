// Causes events for the tests: does its arguments, one step after another, and prints what it did, which is what
// the tests compare the events with. In an argument that a step hands on, %XX is a byte.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *no_environment[] = { NULL };
static char self[PATH_MAX];

static void die(const char *what)
{
	dprintf(2, "cause: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static char *decode(char *text)
{
	char *to = text;

	for (char *from = text; *from; to++) {
		unsigned int byte;

		if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1) {
			*to = (char)byte;
			from += 3;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
	return text;
}

static char **decode_all(char **arguments)
{
	for (char **a = arguments; *a; a++)
		decode(*a);
	return arguments;
}

// A static probe as SystemTap's sdt.h makes it: a place in the code, and a note that names it.
static __attribute__((noinline)) void static_probe(void)
{
	__asm__ volatile("990: nop\n"
			 ".pushsection .note.stapsdt,\"\",\"note\"\n"
			 ".balign 4\n"
			 ".4byte 992f-991f, 994f-993f, 3\n"
			 "991: .asciz \"stapsdt\"\n"
			 "992: .balign 4\n"
			 "993: .8byte 990b\n"
			 ".8byte _.stapsdt.base\n"
			 ".8byte 0\n"
			 ".asciz \"ebee\"\n"
			 ".asciz \"called\"\n"
			 ".asciz \"\"\n"
			 "994: .balign 4\n"
			 ".popsection\n"
			 ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
			 ".weak _.stapsdt.base\n"
			 ".hidden _.stapsdt.base\n"
			 "_.stapsdt.base: .space 1\n"
			 ".size _.stapsdt.base, 1\n"
			 ".popsection\n");
}

static void await_byte(void)
{
	char byte;

	if (read(0, &byte, 1) != 1)
		_exit(0); // the test is over
}

static char *link_target(const char *link, char *buffer)
{
	ssize_t n = readlink(link, buffer, PATH_MAX - 1);

	buffer[n < 0 ? 0 : n] = 0;
	return buffer;
}

static char *first_line(const char *file, char *buffer)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buffer, PATH_MAX - 1);

	buffer[n < 0 ? 0 : n] = 0;
	buffer[strcspn(buffer, "\n")] = 0;
	if (fd >= 0)
		close(fd);
	return buffer;
}

// What this process knows of itself, a name and a value a line, and an empty line.
static void report(void)
{
	char b[PATH_MAX], text[3 * PATH_MAX];
	int n = 0;

#define ADD(...) n += snprintf(text + n, sizeof(text) - n, __VA_ARGS__)
	ADD("pid=%d\nppid=%d\ntid=%ld\n", getpid(), getppid(), syscall(SYS_gettid));
	ADD("uid=%d\neuid=%d\ngid=%d\negid=%d\n", getuid(), geteuid(), getgid(), getegid());
	ADD("login=%s\n", first_line("/proc/self/loginuid", b));
	ADD("session=%s\n", first_line("/proc/self/sessionid", b));
	ADD("mnt=%s\n", link_target("/proc/self/ns/mnt", b));
	ADD("pidns=%s\n", link_target("/proc/self/ns/pid", b));
	ADD("cwd=%s\n", getcwd(b, sizeof(b)) ? b : "");
	ADD("tty=%s\n\n", isatty(9) && ttyname_r(9, b, sizeof(b)) == 0 ? b : "");
	if (write(1, text, n) != n)
		die("report");
}

static pid_t start(int user, char *argument)
{
	char *arguments[] = { "cause", "-", argument, NULL };
	pid_t child = vfork();

	if (child == 0) {
		if (user)
			syscall(SYS_setresuid, user, user, user);
		execve(self, arguments, no_environment);
		_exit(98);
	}
	return child;
}

// A child that gets the process id asked for, which nobody has now.
static void start_as(pid_t id, char *argument)
{
	char *arguments[] = { "cause", "-", argument, NULL };
	struct clone_args how = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&id, .set_tid_size = 1 };
	long child = syscall(SYS_clone3, &how, sizeof(how));

	if (child == 0) {
		execve(self, arguments, no_environment);
		_exit(98);
	}
	dprintf(1, "child=%ld\n", child < 0 ? -(long)errno : child);
	if (child > 0)
		waitpid(child, NULL, 0);
}

// Starts processes as fast as it can, each with its own argument, and prints a line for each: process, parent,
// user, argument.
static void many(int workers, int count, const char *mark)
{
	for (int w = 0; w < workers; w++) {
		if (fork() != 0)
			continue;
		for (int i = w; i < count; i += workers) {
			char argument[128];
			int user = i % 2 ? 65534 : 0;
			pid_t child;

			snprintf(argument, sizeof(argument), "%s-%d", mark, i);
			while ((child = start(user, argument)) < 0 && errno == EAGAIN)
				wait(NULL);
			dprintf(1, "%d %d %d %s\n", child, getpid(), user, argument);
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
		}
		while (wait(NULL) > 0)
			;
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

// Starts processes and deletes files as fast as it can for so many seconds, and prints how many.
static void storm(int workers, double seconds, const char *folder)
{
	for (int w = 0; w < workers; w++) {
		long execs = 0, deletions = 0;
		struct timespec begin, now;
		char file[PATH_MAX];

		if (fork() != 0)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &begin);
		snprintf(file, sizeof(file), "%s/storm-%d", folder, w);
		do {
			int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
			pid_t child = start(0, "storm");

			if (fd < 0 || close(fd) || unlink(file))
				die(file);
			deletions++;
			if (child > 0 && waitpid(child, NULL, 0) == child)
				execs++;
			clock_gettime(CLOCK_MONOTONIC, &now);
		} while (now.tv_sec - begin.tv_sec + (now.tv_nsec - begin.tv_nsec) / 1e9 < seconds);
		dprintf(1, "%ld %ld\n", execs, deletions);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

// From now on the system call bpf fails with EPERM, as under a container's profile.
static void forbid_bpf(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), // seccomp_data.nr
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(*filter), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die("seccomp");
}

static int copy_of_self(int to)
{
	char buffer[65536];
	ssize_t n;
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, n) != n)
			die("copy");
	close(from);
	return to;
}

static void exec_memory_file(const char *name, char **arguments)
{
	int to = memfd_create(name, MFD_CLOEXEC);

	if (to < 0)
		die("memfd");
	copy_of_self(to);
	fexecve(to, arguments, no_environment);
	die("fexecve");
}

// Executes a copy of itself in the working folder, which is no longer there under the name that it had.
static void exec_gone(const char *how, char **arguments)
{
	char path[64];
	int file, program;

	if (!strcmp(how, "nameless"))
		file = open(".", O_TMPFILE | O_RDWR, 0755);
	else
		file = open("gone", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (file < 0 && errno == EOPNOTSUPP) {
		dprintf(1, "unsupported\n");
		_exit(0);
	}
	if (file < 0)
		die(how);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy_of_self(file));
	program = open(path, O_RDONLY | O_CLOEXEC);
	close(file);
	if (!strcmp(how, "unlinked"))
		unlink("gone");
	else if (!strcmp(how, "replaced"))
		rename("other", "gone");
	else if (!strcmp(how, "moved"))
		rename("gone", "moved");
	fexecve(program, arguments, no_environment);
	die("fexecve");
}

// Goes to a folder by a copy of its mount, which is mounted nowhere.
static void enter_detached(const char *folder)
{
	int tree = syscall(428 /* open_tree */, AT_FDCWD, folder, 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);

	if (tree < 0 || fchdir(tree))
		die("open_tree");
}

static void stack_mounts(const char *folder, int count)
{
	for (int i = 0; i < count; i++)
		if (chdir(folder) || mount(folder, folder, NULL, MS_BIND, NULL))
			die("mount");
	if (chdir(folder))
		die(folder);
}

static void exec_big(int count, int size)
{
	char **arguments = calloc(count + 3, sizeof(*arguments));

	arguments[0] = "cause";
	arguments[1] = "-";
	for (int i = 0; i < count; i++) {
		arguments[i + 2] = malloc(size + 1);
		memset(arguments[i + 2], 'a' + i % 26, size);
		arguments[i + 2][size] = 0;
	}
	execve(self, arguments, no_environment);
	die("exec-big");
}

// A failed call; the next step follows.
static void tried(int result)
{
	dprintf(1, "%d\n", result < 0 ? errno : 0);
}

static void ignore_signal(int signal)
{
	(void)signal;
	dprintf(1, "unsupported\n");
	_exit(0);
}

// A call through the 32-bit system call table: execve of a path, or another call that takes only one.
static void try_compat(long number, const char *path)
{
#ifdef __x86_64__
	char *low = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uint32_t *arguments = (uint32_t *)(low + 4096);
	long result = number;

	if (low == MAP_FAILED)
		die("mmap");
	signal(SIGSEGV, ignore_signal);
	strcpy(low, path);
	strcpy(low + 4096 + 64, "compat one");
	strcpy(low + 4096 + 128, "compat two");
	arguments[0] = (uint32_t)(uintptr_t)(low + 4096 + 64);
	arguments[1] = (uint32_t)(uintptr_t)(low + 4096 + 128);
	arguments[2] = 0;
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(low), "c"(arguments), "d"(arguments + 2)
			 : "memory", "r8", "r9", "r10", "r11");
	dprintf(1, "%ld\n", -result);
#else
	(void)number;
	(void)path;
	(void)ignore_signal;
	dprintf(1, "unsupported\n");
#endif
}

// An argument in a page that is mapped but not in memory, which no tracer can read.
static void try_absent(const char *path)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *arguments[] = { "present", page, "behind it", NULL };

	tried(execve(path, arguments, no_environment));
}

static void take_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), terminal; // stays open: its end would be a SIGHUP
	char name[128];

	if (master < 0 || grantpt(master) || unlockpt(master) || ptsname_r(master, name, sizeof(name)))
		die("posix_openpt");
	if (setsid() < 0)
		die("setsid");
	terminal = open(name, O_RDWR);
	if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) || dup2(terminal, 9) < 0)
		die("terminal");
}

static void unshare_all(char *names)
{
	int flags = 0;

	if (strstr(names, "mnt"))
		flags |= CLONE_NEWNS;
	if (strstr(names, "pid"))
		flags |= CLONE_NEWPID;
	if (unshare(flags))
		die("unshare");
	if ((flags & CLONE_NEWNS) && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("mount");
}

// Starts this program so often, and all the while writes over the arguments that it is started with. Needs addresses
// that are not random: those of this program's own file name and of the other's are the same.
static void overwrite_arguments(int count)
{
	static char text[] = "XXXXXXXX-XXXXXXXX";
	char *arguments[] = { "cause", "-", "genuine-argument", NULL };
	char *name = (char *)getauxval(AT_EXECFN);
	char *end = name + strlen(name) - strlen(self);
	struct iovec from = { text, sizeof(text) - 1 }, to = { end - sizeof(text), sizeof(text) - 1 };

	while (count-- > 0) {
		pid_t child = fork();

		if (child == 0) {
			execve(self, arguments, no_environment);
			_exit(98);
		}
		do
			process_vm_writev(child, &from, 1, &to, 1, 0);
		while (waitpid(child, NULL, WNOHANG) == 0);
	}
}

static void run(char **steps);

static void *run_thread(void *steps)
{
	run(steps);
	_exit(0);
}

static void run(char **steps)
{
	while (*steps) {
		char *step = *steps++;

		if (!strcmp(step, "-")) { // what other steps execute: nothing
			_exit(0);
		} else if (!strcmp(step, "arguments")) {
			for (; *steps; steps++)
				if (write(1, *steps, strlen(*steps) + 1) < 0)
					die("write");
			return;
		} else if (!strcmp(step, "ready")) {
			dprintf(1, "%d\n", getpid());
			await_byte();
		} else if (!strcmp(step, "await")) {
			await_byte();
		} else if (!strcmp(step, "report")) {
			report();
		} else if (!strcmp(step, "uid")) {
			int id = atoi(*steps++);

			if (setresgid(id, id, id) || setresuid(id, id, id))
				die("setresuid");
		} else if (!strcmp(step, "name")) {
			prctl(PR_SET_NAME, decode(*steps++));
		} else if (!strcmp(step, "chroot")) {
			if (chroot(*steps++))
				die("chroot");
		} else if (!strcmp(step, "chdir")) {
			if (chdir(decode(*steps++)))
				die("chdir");
		} else if (!strcmp(step, "unshare")) {
			unshare_all(*steps++);
		} else if (!strcmp(step, "tty")) {
			take_terminal();
		} else if (!strcmp(step, "fork")) { // the child goes on
			pid_t child = fork();
			int status = 0;

			if (child < 0)
				die("fork");
			if (child > 0) {
				dprintf(1, "forked=%d\n", child);
				waitpid(child, &status, 0);
				_exit(WEXITSTATUS(status));
			}
		} else if (!strcmp(step, "child")) { // a child that is started with one argument
			pid_t child = start(0, decode(*steps++));

			dprintf(1, "child=%d\n", child);
			waitpid(child, NULL, 0);
		} else if (!strcmp(step, "child-as")) {
			start_as(atoi(steps[0]), decode(steps[1]));
			steps += 2;
		} else if (!strcmp(step, "thread")) { // another thread goes on
			pthread_t thread;

			if (pthread_create(&thread, NULL, run_thread, steps))
				die("pthread_create");
			for (;;)
				pause();
		} else if (!strcmp(step, "mark")) { // runs this program with one argument, in place
			char *arguments[] = { "cause", "-", decode(*steps), NULL };

			execve(self, arguments, no_environment);
			die("mark");
		} else if (!strcmp(step, "exec")) {
			char *path = decode(*steps++);

			execve(path, decode_all(steps), no_environment);
			die(path);
		} else if (!strcmp(step, "forbid-bpf")) {
			forbid_bpf();
		} else if (!strcmp(step, "run")) { // with this program's environment
			execvp(steps[0], steps);
			die(steps[0]);
		} else if (!strcmp(step, "exec-at")) {
			int folder = open(*steps++, O_PATH | O_CLOEXEC);
			char *path = decode(*steps++);

			syscall(SYS_execveat, folder, path, decode_all(steps), no_environment, 0);
			die(path);
		} else if (!strcmp(step, "exec-empty")) {
			execve(self, no_environment, no_environment);
			die("exec-empty");
		} else if (!strcmp(step, "exec-memory")) {
			char *name = decode(*steps++);

			exec_memory_file(name, decode_all(steps));
		} else if (!strcmp(step, "exec-gone")) {
			char *how = *steps++;

			exec_gone(how, decode_all(steps));
		} else if (!strcmp(step, "detached")) {
			enter_detached(*steps++);
		} else if (!strcmp(step, "stack-mounts")) {
			stack_mounts(steps[0], atoi(steps[1]));
			steps += 2;
		} else if (!strcmp(step, "fixed-addresses")) { // for what it executes
			personality(ADDR_NO_RANDOMIZE);
		} else if (!strcmp(step, "overwrite-arguments")) {
			overwrite_arguments(atoi(*steps++));
		} else if (!strcmp(step, "make-folder")) { // and goes into it
			if (mkdir(*steps, 0755) || chdir(*steps))
				die("make-folder");
			steps++;
		} else if (!strcmp(step, "leave-mounts")) { // for those of another process, staying in the folder
			char path[64];
			int folder = open(".", O_PATH | O_CLOEXEC), namespace;

			snprintf(path, sizeof(path), "/proc/%s/ns/mnt", *steps++);
			namespace = open(path, O_RDONLY | O_CLOEXEC);
			if (folder < 0 || setns(namespace, CLONE_NEWNS) || fchdir(folder))
				die("leave-mounts");
		} else if (!strcmp(step, "remove-folder")) {
			if (rmdir(decode(*steps++)))
				die("remove-folder");
		} else if (!strcmp(step, "say-paths")) { // as /proc has them
			char b[PATH_MAX];

			dprintf(1, "exe=%s\n", link_target("/proc/self/exe", b));
			dprintf(1, "cwd=%s\n", link_target("/proc/self/cwd", b));
		} else if (!strcmp(step, "exec-big")) {
			exec_big(atoi(steps[0]), atoi(steps[1]));
		} else if (!strcmp(step, "probe")) { // runs over the static probe so often
			for (int i = atoi(*steps++); i > 0; i--)
				static_probe();
		} else if (!strcmp(step, "many")) {
			many(atoi(steps[0]), atoi(steps[1]), steps[2]);
			return;
		} else if (!strcmp(step, "storm")) {
			storm(atoi(steps[0]), atof(steps[1]), steps[2]);
			return;
		} else if (!strcmp(step, "try")) {
			char *path = decode(*steps++);
			char *arguments[] = { "tried", path, NULL };

			tried(execve(path, arguments, no_environment));
		} else if (!strcmp(step, "try-at")) {
			int folder = open(*steps++, O_PATH | O_CLOEXEC);
			char *path = decode(*steps++);
			char *arguments[] = { "tried", path, NULL };

			tried(syscall(SYS_execveat, folder, path, arguments, no_environment, 0));
		} else if (!strcmp(step, "try-fault")) {
			char *arguments[] = { "tried", NULL };

			tried(syscall(SYS_execve, 8, arguments, no_environment));
		} else if (!strcmp(step, "try-absent")) {
			try_absent(decode(*steps++));
		} else if (!strcmp(step, "try-compat")) {
			try_compat(11, decode(*steps++));
		} else if (!strcmp(step, "unlink-compat")) {
			try_compat(10, decode(*steps++));
		} else if (!strcmp(step, "unlink")) {
			tried(unlink(decode(*steps++)));
		} else {
			errno = EINVAL;
			die(step);
		}
	}
}

int main(int count, char **arguments)
{
	link_target("/proc/self/exe", self);
	if (count > 1)
		run(arguments + 1);
	return 0;
}
