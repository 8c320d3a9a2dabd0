// Opens and loads one object as the process that started it is about to, so that what libbpf does not survive ends this
// process and not that one. It attaches nothing, pins nothing, and all that it loaded ends with it.
//
//   libbpf-check open|load <descriptors> <libraries> <library>... <object's name> <kernel's BTF or nothing>
//   libbpf-check header <descriptors> <libraries> <library>... <BTF> <BTF that it continues or nothing>
//
// src/Ebee/Native/LibBpfCheck.cs starts it; it and CheckSettings.cs know the same descriptors, phases and settings.

#define _GNU_SOURCE
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RESULT = 3, LOG, INPUT, SETTINGS, TEXT = SETTINGS };
enum phase { DONE, PREPARE, OPEN, SET, LOAD, WRITE };
enum kind { PROGRAM, ATTACH_TARGET, REUSED_MAP, MAP, INITIAL_VALUE };

struct setting {
	uint32_t kind;
	uint32_t index; // of the program or the map, in the order of the object
	uint32_t value[3];
	uint32_t size; // bytes that follow, padded to a multiple of 4
};

#define MIB ((rlim_t)1 << 20)
#define LOG_MAX (16 * MIB)
#define TEXT_MAX (128 * MIB)

#define FUNCTIONS(X)                                                                                                  \
	X(libbpf_set_print) X(bpf_object__open_mem) X(bpf_object__load) X(bpf_object__close)                                \
	X(bpf_object__next_program) X(bpf_program__set_autoload) X(bpf_program__type) X(bpf_program__set_type)              \
	X(bpf_program__expected_attach_type) X(bpf_program__set_expected_attach_type) X(bpf_program__set_attach_target)     \
	X(bpf_object__next_map) X(bpf_map__reuse_fd) X(bpf_map__max_entries) X(bpf_map__set_max_entries)                    \
	X(bpf_map__key_size) X(bpf_map__set_key_size) X(bpf_map__value_size) X(bpf_map__set_value_size)                     \
	X(bpf_map__set_pin_path) X(bpf_map__initial_value)                                                                  \
	X(btf__parse) X(btf__parse_split) X(btf__type_cnt) X(btf_dump__new) X(btf_dump__dump_type)

#define DECLARE(name) __typeof__(&name) name;
static struct {
	FUNCTIONS(DECLARE)
} lib;

static _Noreturn void end(enum phase phase, int error)
{
	int32_t result[] = { phase, error < 0 ? -error : error };

	_exit(write(RESULT, result, sizeof(result)) != sizeof(result));
}

static int print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_DEBUG ? 0 : vdprintf(LOG, format, arguments);
}

static void limit(int resource, rlim_t value)
{
	struct rlimit now;

	if (getrlimit(resource, &now))
		end(PREPARE, errno);
	now.rlim_cur = now.rlim_max < value ? now.rlim_max : value;
	if (setrlimit(resource, &now))
		end(PREPARE, errno);
}

// Whatever an object makes of this process, it writes to no file and pins nothing. Linux 5.13; older ones lack it.
static void forbid_writing(void)
{
	struct landlock_ruleset_attr attributes = { .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
	int ruleset;

	attributes.handled_access_fs &= ~(uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	ruleset = syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (ruleset < 0)
		return;
	syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
}

static void confine(unsigned int descriptors, rlim_t largest_file)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		end(PREPARE, errno);
	syscall(SYS_close_range, RESULT + descriptors, ~0U, 0); // Linux 5.9; .NET's descriptors are not inherited anyway
	signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_CORE, 1); // byte: 0 would still let a core_pattern's program have it
	limit(RLIMIT_CPU, 60); // seconds; the parent's limit is shorter, but the parent may be gone
	limit(RLIMIT_AS, 2048 * MIB);
	limit(RLIMIT_STACK, MIB / 2); // a thread of the parent has more
	limit(RLIMIT_FSIZE, largest_file);
	forbid_writing();
}

static void load_libraries(char **paths, int count)
{
	void *library = NULL;

	for (int i = 0; i < count; i++) {
		library = dlopen(paths[i], RTLD_NOW | RTLD_GLOBAL);
		if (!library) {
			dprintf(LOG, "%s\n", dlerror());
			end(PREPARE, ELIBACC);
		}
	}
#define RESOLVE(name) || !(lib.name = (__typeof__(lib.name))dlsym(library, #name))
	if (!library FUNCTIONS(RESOLVE)) {
		dprintf(LOG, "%s\n", dlerror());
		end(PREPARE, ELIBBAD);
	}
	lib.libbpf_set_print(print);
}

// A copy of a file, which reading beyond its end does not survive. It begins where any C type may.
static void *map_input(int fd, size_t *size)
{
	size_t page = sysconf(_SC_PAGESIZE), whole;
	struct stat status;
	char *memory, *start;

	if (fstat(fd, &status))
		end(PREPARE, errno);
	*size = status.st_size;
	whole = (*size + page - 1) / page * page;
	memory = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory + whole, page, PROT_NONE))
		end(PREPARE, errno);
	start = memory + (whole - *size) / 8 * 8;
	memset(start + *size, 0xa5, memory + whole - start - *size);
	for (size_t done = 0; done < *size;) {
		ssize_t n = pread(fd, start + done, *size - done, done);
		if (n <= 0)
			end(PREPARE, n ? errno : EIO);
		done += n;
	}
	return start;
}

// Only what differs is set: libbpf forgets what a section said when it is told the same again.
#define CHANGE(of, what, value) (lib.of##__##what(of) == (value) ? 0 : lib.of##__set_##what(of, value))

static int apply_to_program(struct bpf_program *bpf_program, const struct setting *s, const void *bytes)
{
	int error;

	if (s->kind == ATTACH_TARGET)
		return lib.bpf_program__set_attach_target(bpf_program, s->value[0], bytes);
	error = lib.bpf_program__set_autoload(bpf_program, s->value[0]);
	if (!error)
		error = CHANGE(bpf_program, type, s->value[1]);
	return error ? error : CHANGE(bpf_program, expected_attach_type, s->value[2]);
}

static int apply_to_map(struct bpf_map *bpf_map, const struct setting *s, const void *bytes)
{
	size_t size = 0;
	char *initial;
	int error;

	if (s->kind == REUSED_MAP)
		return lib.bpf_map__reuse_fd(bpf_map, s->value[0]);
	if (s->kind == INITIAL_VALUE) {
		initial = (char *)lib.bpf_map__initial_value(bpf_map, &size);
		if (!initial || s->value[0] > size || s->size > size - s->value[0])
			return EINVAL;
		memcpy(initial + s->value[0], bytes, s->size);
		return 0;
	}
	error = CHANGE(bpf_map, max_entries, s->value[0]);
	if (!error)
		error = CHANGE(bpf_map, key_size, s->value[1]);
	return error ? error : CHANGE(bpf_map, value_size, s->value[2]);
}

static int apply(struct bpf_object *object, const struct setting *s, const void *bytes)
{
	struct bpf_program *program = NULL;
	struct bpf_map *map = NULL;

	for (uint32_t i = 0; i <= s->index; i++) {
		if (s->kind <= ATTACH_TARGET)
			program = lib.bpf_object__next_program(object, program);
		else
			map = lib.bpf_object__next_map(object, map);
		if (!program && !map)
			return ENOENT;
	}
	return program ? apply_to_program(program, s, bytes) : apply_to_map(map, s, bytes);
}

static void apply_all(struct bpf_object *object)
{
	struct bpf_map *map = NULL;
	size_t size;
	const char *next = map_input(SETTINGS, &size), *last = next + size;

	while (next < last) {
		const struct setting *s = (const void *)next;
		int error = apply(object, s, s + 1);

		if (error)
			end(SET, error);
		next += sizeof(*s) + (s->size + 3) / 4 * 4;
	}
	while ((map = lib.bpf_object__next_map(object, map)))
		lib.bpf_map__set_pin_path(map, NULL);
}

static void check_object(bool load, const char *name, const char *kernel_btf)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name, .btf_custom_path = *kernel_btf ? kernel_btf : NULL);
	size_t size;
	void *data = map_input(INPUT, &size);
	struct bpf_object *object = lib.bpf_object__open_mem(data, size, &options);
	int error = 0;

	if (!object)
		end(OPEN, errno);
	munmap(data, size); // an opened object has copied what it needs
	if (load) {
		apply_all(object);
		error = lib.bpf_object__load(object);
	}
	lib.bpf_object__close(object); // as the parent will
	end(error ? LOAD : DONE, error);
}

static void print_type(void *context, const char *format, va_list arguments)
{
	FILE *text = context;
	static char *piece; // libbpf prints a line in pieces: a name and what is around it
	static bool is_open;
	int length = vasprintf(&piece, format, arguments);

	if (length < 0)
		end(WRITE, ENOMEM);
	// A function without parameters: libbpf 1.1 writes (), which in C before 2023 takes any; later ones write (void).
	if (is_open && *piece == ')')
		fputs("void", text);
	if (length)
		is_open = piece[length - 1] == '(';
	if (fwrite(piece, 1, length, text) != (size_t)length)
		end(WRITE, errno);
	free(piece);
}

static void write_header(const char *path, const char *base_path)
{
	FILE *text = fdopen(TEXT, "w");
	struct btf *base = *base_path ? lib.btf__parse(base_path, NULL) : NULL;
	struct btf *btf = base ? lib.btf__parse_split(path, base) : lib.btf__parse(path, NULL);
	struct btf_dump *dump = btf ? lib.btf_dump__new(btf, print_type, text, NULL) : NULL;
	int error;

	if (!text || (*base_path && !base) || !dump)
		end(OPEN, errno);
	for (uint32_t id = 1, count = lib.btf__type_cnt(btf); id < count; id++) {
		error = lib.btf_dump__dump_type(dump, id);
		if (error) {
			dprintf(LOG, "type %u cannot be declared\n", id);
			end(LOAD, error);
		}
	}
	end(fclose(text) ? WRITE : DONE, errno);
}

int main(int count, char **arguments)
{
	bool is_header = count > 1 && !strcmp(arguments[1], "header");
	int libraries = count > 3 ? atoi(arguments[3]) : 0;
	char **rest = arguments + 4 + libraries;

	if (libraries < 1 || count != libraries + 6) {
		fputs("libbpf-check is started by Ebee, before it loads an object.\n", stderr);
		return 2;
	}
	confine(atoi(arguments[2]), is_header ? TEXT_MAX : LOG_MAX);
	load_libraries(arguments + 4, libraries);
	if (is_header)
		write_header(rest[0], rest[1]);
	check_object(!strcmp(arguments[1], "load"), rest[0], rest[1]);
}
