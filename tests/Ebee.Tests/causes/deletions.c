// Deletes at random, and says what each call deleted by what the file system says before and after it:
//     deletions <folder> <seed> <deeds>
// It prints "ready", waits for a line, does its deeds, and prints a line for each name that lost its file:
//     <U|D|R> <whether the path is one of its mount namespace> <inode, or 0 where stat has another than the kernel> <path>
// The mounts are its own, and go with it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <linux/mount.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// <sys/mount.h> and <linux/mount.h> of some C libraries cannot be used together.
int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);
#define BIND 4096
#define REC 16384
#define PRIVATE (1 << 18)
#define DETACH 2

#define PLACES 24
#define NAMES 12

struct place {
	int fd;
	int resolved; // it has a path in the mount namespace
	int exact;    // stat's inode numbers are the kernel's
	char path[PATH_MAX];
};

static struct place places[PLACES];
static int place_count;
static uint64_t seed;
static char *log_text;
static size_t log_size;
static FILE *log_file;

static void die(const char *what)
{
	dprintf(2, "deletions: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static uint32_t pick(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 20) % below;
}

static void add_place(int fd, int resolved, int exact, const char *format, ...)
{
	struct place *p = &places[place_count];
	va_list arguments;

	if (fd < 0 || place_count == PLACES)
		return;
	va_start(arguments, format);
	vsnprintf(p->path, sizeof(p->path), format, arguments);
	va_end(arguments);
	p->fd = fd;
	p->resolved = resolved;
	p->exact = exact;
	place_count++;
}

static int folder(const char *format, ...)
{
	char path[PATH_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	if (mkdir(path, 0755) && errno != EEXIST)
		die(path);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static const char *join(const char *format, ...)
{
	static char paths[4][PATH_MAX];
	static int next;
	char *path = paths[next++ % 4];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path, PATH_MAX, format, arguments);
	va_end(arguments);
	return path;
}

static int open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

// Folders of a disk, of memory, bound elsewhere, of an overlay, under a mount on a mount, and of trees that are mounted
// nowhere or no longer.
static void make_places(const char *base)
{
	int fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, REC | PRIVATE, NULL))
		die("a mount namespace");
	add_place(folder("%s/disk", base), 1, 1, "%s/disk", base);
	add_place(folder("%s/disk/sub", base), 1, 1, "%s/disk/sub", base);
	folder("%s/memory", base);
	if (mount("ebee-tests", join("%s/memory", base), "tmpfs", 0, NULL))
		die("tmpfs");
	add_place(open_folder(join("%s/memory", base)), 1, 1, "%s/memory", base);
	add_place(folder("%s/memory/a", base), 1, 1, "%s/memory/a", base);
	add_place(folder("%s/memory/a/a", base), 1, 1, "%s/memory/a/a", base);
	// A folder that has the name of files in it.
	folder("%s/memory/x", base);
	add_place(folder("%s/memory/x/n1", base), 1, 1, "%s/memory/x/n1", base);
	// As many mounts of one file system as a machine with containers has.
	for (int i = 0; i < 100; i++) {
		folder("%s/copy", base);
		if (mount(join("%s/memory", base), join("%s/copy", base), NULL, BIND, NULL))
			die("bind");
	}
	folder("%s/bound", base);
	if (mount(join("%s/memory", base), join("%s/bound", base), NULL, BIND, NULL))
		die("bind");
	add_place(open_folder(join("%s/bound", base)), 1, 1, "%s/bound", base);
	add_place(open_folder(join("%s/bound/a", base)), 1, 1, "%s/bound/a", base);
	folder("%s/part", base);
	if (mount(join("%s/disk/sub", base), join("%s/part", base), NULL, BIND, NULL))
		die("bind of a part");
	add_place(open_folder(join("%s/part", base)), 1, 1, "%s/part", base);
	folder("%s/stacked", base);
	for (int i = 0; i < 40; i++)
		if (mount("ebee-tests", join("%s/stacked", base), "tmpfs", 0, NULL))
			die("tmpfs");
	add_place(open_folder(join("%s/stacked", base)), 1, 1, "%s/stacked", base);
	folder("%s/memory/lower", base);
	folder("%s/memory/lower/deep", base);
	folder("%s/memory/upper", base);
	folder("%s/memory/work", base);
	for (int i = 0; i < NAMES; i++) {
		close(open(join("%s/memory/lower/n%d", base, i), O_CREAT | O_WRONLY, 0644));
		close(open(join("%s/memory/lower/deep/n%d", base, i), O_CREAT | O_WRONLY, 0644));
	}
	folder("%s/merged", base);
	if (!mount("ebee-tests", join("%s/merged", base), "overlay", 0,
		   join("lowerdir=%s/memory/lower,upperdir=%s/memory/upper,workdir=%s/memory/work", base, base, base))) {
		add_place(open_folder(join("%s/merged", base)), 1, 0, "%s/merged", base);
		add_place(open_folder(join("%s/merged/deep", base)), 1, 0, "%s/merged/deep", base);
	}
	fd = syscall(SYS_open_tree, AT_FDCWD, join("%s/disk", base), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd >= 0)
		add_place(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, 1, "");
	folder("%s/gone", base);
	if (mount("ebee-tests", join("%s/gone", base), "tmpfs", 0, NULL))
		die("tmpfs");
	folder("%s/gone/etc", base);
	fd = open_folder(join("%s/gone/etc", base));
	if (umount2(join("%s/gone", base), DETACH))
		die("umount");
	add_place(fd, 0, 1, "");
	fd = syscall(SYS_fsopen, "tmpfs", 0);
	if (fd >= 0 && !syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) {
		fd = syscall(SYS_fsmount, fd, 0, 0);
		if (fd >= 0)
			add_place(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, 1, "");
	}
}

// A ring of one entry, used again and again.
static struct {
	int fd;
	char *queue, *done;
	struct io_uring_sqe *entry;
	struct io_uring_params p;
} ring = { .fd = -1 };

static void make_ring(unsigned int flags)
{
	ring.p.flags = flags;
	ring.fd = syscall(SYS_io_uring_setup, 4, &ring.p);
	if (ring.fd < 0)
		return;
	ring.queue = mmap(0, ring.p.sq_off.array + ring.p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
	ring.entry = mmap(0, ring.p.sq_entries * sizeof(*ring.entry), PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQES);
	ring.done = mmap(0, ring.p.cq_off.cqes + ring.p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
			 IORING_OFF_CQ_RING);
	if (ring.queue == MAP_FAILED || ring.entry == MAP_FAILED || ring.done == MAP_FAILED)
		die("io_uring");
}

static int submit(struct io_uring_sqe entry)
{
	unsigned int *tail = (void *)(ring.queue + ring.p.sq_off.tail), *mask = (void *)(ring.queue + ring.p.sq_off.ring_mask);
	unsigned int *head = (void *)(ring.done + ring.p.cq_off.head), *done_mask = (void *)(ring.done + ring.p.cq_off.ring_mask);
	unsigned int index = *tail & *mask;
	int result;

	ring.entry[index] = entry;
	((unsigned int *)(ring.queue + ring.p.sq_off.array))[index] = index;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) < 0)
		die("io_uring_enter");
	result = ((struct io_uring_cqe *)(ring.done + ring.p.cq_off.cqes))[*head & *done_mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

struct name {
	struct place *place;
	char text[64];
	struct stat before;
	int existed;
};

static void look(struct name *n)
{
	n->existed = !fstatat(n->place->fd, n->text, &n->before, AT_SYMLINK_NOFOLLOW);
}

static int is_same(struct stat *a, struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

// The name lost its file, which no other name that the call was given has got.
static void tell(struct name *n, struct name *other, char operation)
{
	struct stat now, moved;
	int is_there = !fstatat(n->place->fd, n->text, &now, AT_SYMLINK_NOFOLLOW);

	if (!n->existed || (is_there && is_same(&now, &n->before)))
		return;
	if (other && !fstatat(other->place->fd, other->text, &moved, AT_SYMLINK_NOFOLLOW) && is_same(&moved, &n->before))
		return;
	fprintf(log_file, "%c %d %llu %s/%s\n", operation, n->place->resolved, n->place->exact ? (unsigned long long)n->before.st_ino : 0,
		n->place->path, n->text);
}

static void choose(struct name *n, struct place *place)
{
	n->place = place;
	snprintf(n->text, sizeof(n->text), "n%u", pick(NAMES));
}

static void make_file(struct name *n)
{
	int fd;

	switch (pick(8)) {
	case 0:
		(void)!symlinkat("nowhere", n->place->fd, n->text);
		break;
	case 1:
		(void)!mknodat(n->place->fd, n->text, S_IFIFO | 0600, 0);
		break;
	case 2:
		(void)!mknodat(n->place->fd, n->text, S_IFSOCK | 0600, 0);
		break;
	case 3:
		(void)!mkdirat(n->place->fd, n->text, 0755);
		break;
	default:
		fd = openat(n->place->fd, n->text, O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
		if (fd >= 0 && pick(3) == 0)
			(void)!write(fd, "x", 1);
		if (fd >= 0)
			close(fd);
	}
}

// More names of a file, some of which the kernel has just looked up: they may be on its stack still.
static void make_links(struct name *n)
{
	struct name other;

	for (uint32_t i = pick(4); i; i--) {
		choose(&other, pick(2) ? n->place : &places[pick(place_count)]);
		(void)!linkat(n->place->fd, n->text, other.place->fd, other.text, 0);
		if (pick(2))
			look(&other);
		if (pick(4) == 0)
			(void)!syscall(SYS_renameat2, n->place->fd, n->text, other.place->fd, other.text, 1 /* RENAME_NOREPLACE */);
	}
}

// A way to say the name, from the directory that is returned.
static int say(struct name *n, char *text)
{
	const char *last = strrchr(n->place->path, '/');

	switch (pick(n->place->resolved ? 6 : 2)) {
	case 0:
		if (fchdir(n->place->fd))
			die("fchdir");
		sprintf(text, "%s", n->text);
		return AT_FDCWD;
	case 2:
		sprintf(text, "%s/%s", n->place->path, n->text);
		return AT_FDCWD;
	case 3:
		sprintf(text, "%s//./%s", n->place->path, n->text);
		return places[pick(place_count)].fd;
	case 4:
		sprintf(text, "..%s/%s", last, n->text);
		return n->place->fd;
	default:
		sprintf(text, "./%s", n->text);
		return n->place->fd;
	}
}

#ifdef __x86_64__
// The same call through the 32-bit table, which takes addresses of 32 bits.
static char *low;

static long call_32(long number, long a, long b, long c, long d)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d) : "memory", "r8", "r9", "r10", "r11");
	return result;
}
#endif

static void remove_name(struct name *n)
{
	char text[2 * PATH_MAX];
	int from = say(n, text), is_folder = n->existed && S_ISDIR(n->before.st_mode);
	int flags = (is_folder != (pick(16) == 0)) ? AT_REMOVEDIR : 0;

	if (is_folder && pick(4) == 0)
		strcat(text, "/");
	switch (pick(ring.fd >= 0 ? 5 : 4)) {
	case 0:
		(void)!unlinkat(from, text, flags);
		break;
	case 4:
		submit((struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT, .fd = from, .addr = (uintptr_t)text, .unlink_flags = flags });
		break;
#ifdef __x86_64__
	case 1:
		if (low) {
			strcpy(low, text);
			call_32(301, from, (long)low, flags, 0);
			break;
		}
		__attribute__((fallthrough));
#endif
	default:
		if (from != AT_FDCWD && fchdir(from))
			die("fchdir");
		(void)!(flags ? rmdir(text) : unlink(text));
	}
	tell(n, NULL, is_folder ? 'D' : 'U');
}

static void rename_name(struct name *from, struct name *to)
{
	char old[2 * PATH_MAX], new[2 * PATH_MAX];
	int new_fd, old_fd = from->place->fd;
	// RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT
	unsigned int flags = pick(8) == 0 ? 1 << pick(3) : 0;

	strcpy(old, from->text);
	new_fd = say(to, new);
	switch (pick(ring.fd >= 0 ? 4 : 3)) {
	case 3:
		submit((struct io_uring_sqe){ .opcode = IORING_OP_RENAMEAT, .fd = old_fd, .addr = (uintptr_t)old, .len = new_fd,
					      .addr2 = (uintptr_t)new, .rename_flags = flags });
		break;
#ifdef __x86_64__
	case 2:
		if (low) {
			strcpy(low, old);
			strcpy(low + 2 * PATH_MAX, new);
			call_32(302, old_fd, (long)low, new_fd, (long)low + 2 * PATH_MAX);
			break;
		}
		__attribute__((fallthrough));
#endif
	default:
		(void)!syscall(SYS_renameat2, old_fd, old, new_fd, new, flags);
	}
	tell(to, from, 'R');
}

int main(int count, char **arguments)
{
	struct name one, two;
	long deeds;
	int done = 0;

	if (count != 4)
		return 2;
	seed = strtoull(arguments[2], NULL, 0) * 2654435769u + 88172645463325252u;
	deeds = strtol(arguments[3], NULL, 0);
	log_file = open_memstream(&log_text, &log_size);
	make_places(arguments[1]);
	make_ring(pick(2) ? IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN : 0);
	if (ring.fd < 0)
		make_ring(0);
#ifdef __x86_64__
	low = mmap(NULL, 4 * PATH_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED || call_32(20 /* getpid */, 0, 0, 0, 0) != getpid())
		low = NULL;
#endif
	printf("%d\n", getpid());
	fflush(stdout);
	if (getchar() < 0)
		return 3;
	while (done < deeds) {
		choose(&one, &places[pick(place_count)]);
		make_file(&one);
		if (pick(3) == 0)
			make_links(&one);
		if (pick(2)) {
			look(&one);
			remove_name(&one);
		} else {
			choose(&two, pick(2) ? one.place : &places[pick(place_count)]);
			if (pick(2))
				make_file(&two);
			look(&one);
			look(&two);
			rename_name(&one, &two);
		}
		done++;
	}
	fclose(log_file);
	fwrite(log_text, 1, log_size, stdout);
	return fflush(stdout) ? 4 : 0;
}
