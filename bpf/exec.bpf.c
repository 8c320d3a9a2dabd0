// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// Process executions: the successful ones where the kernel has just put the new program in place, the failed ones,
// on request, where execve returns.

// 32 KiB for all but the arguments (BASE_MAX) and 256 KiB for these: twice the longest single argument.
#define ARGUMENTS_MAX (256 * 1024)
#define RECORD_MAX (32768 + ARGUMENTS_MAX)
#include "include/core_types.h"

// Where the next argument of a failed call is read from.
struct argument_cursor {
	u64 next;  // address of the pointer to it
	u32 width; // bytes of such a pointer
	u32 whole; // all were read
};

#define SCRATCH_FIELDS struct argument_cursor cursor;
#include "include/descendants.h"

struct exec_record {
	struct task_info task;
	u32 real_user_id;
	u32 group_id;
	u32 login_user_id;
	u32 session_id;
	u32 pid_namespace;
	s32 return_code;
	u32 arguments_length;
	u16 file_name_length;
	u16 executable_length;
	u16 working_directory_length;
	char parent_name[NAME_LENGTH];
	// then: cgroup path, terminal, file name, executable, working directory, arguments
};
EXPORT_STRUCT(exec_record);

// Appends all that a record has before the arguments, but the executable.
static __always_inline void append_context(struct scratch *s, struct task_struct *task, s32 return_code)
{
	struct exec_record *record = (void *)s->record;
	struct task_struct *parent = BPF_CORE_READ(task, real_parent, group_leader);
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct tty_struct *terminal = BPF_CORE_READ(task, signal, tty);
	struct upid upid = {};

	append_task(s);
	record->real_user_id = BPF_CORE_READ(task, cred, uid.val);
	record->group_id = BPF_CORE_READ(task, cred, egid.val);
	record->login_user_id = -1;
	record->session_id = -1;
	if (bpf_core_field_exists(task->loginuid))
		record->login_user_id = BPF_CORE_READ(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		record->session_id = BPF_CORE_READ(task, sessionid);
	bpf_probe_read_kernel(&upid, sizeof(upid),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid));
	record->pid_namespace = BPF_CORE_READ(upid.ns, ns.inum);
	record->return_code = return_code;
	record->arguments_length = 0;
	record->file_name_length = 0;
	record->executable_length = 0;
	record->working_directory_length = 0;
	bpf_probe_read_kernel(record->parent_name, sizeof(record->parent_name), parent->comm);
	if (terminal)
		record->task.terminal_length = append_kernel_string(s, terminal->name, 64);
}

static __always_inline void append_working_directory(struct scratch *s, struct task_struct *task)
{
	struct exec_record *record = (void *)s->record;
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	u32 start = s->length;

	append_path(s, &fs->pwd);
	record->working_directory_length = s->length - start;
	if (is_unlinked(BPF_CORE_READ(fs, pwd.dentry)))
		record->task.flags |= RECORD_DIRECTORY_DELETED;
}

// The first bytes of the arguments, as the kernel copied them. From when it lets go of exec_update_lock on, which is long
// before sched_process_exec, other processes of the user can write into the new program's memory.
#define EARLY_MAX 1600 // more would make of the storage more than 2 KiB, which takes the kernel five times as long
#define EARLY_PART 256

struct early_arguments {
	u64 program; // struct linux_binprm
	u64 next;    // address of the argument to be read
	u32 left;    // arguments to be read
	u32 length;
	u8 text[EARLY_MAX + EARLY_PART];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE); // freed with the task
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct early_arguments);
} early_arguments SEC(".maps");

static __always_inline void put_early(struct scratch *s, u64 at, const struct early_arguments *early, u64 program)
{
	struct exec_record *record = (void *)s->record;
	u64 length;

	if (!early || early->program != program)
		return;
	length = early->length;
	barrier_var(length);
	if (!length || length > sizeof(early->text) || at >= BASE_MAX)
		return;
	bpf_probe_read_kernel(s->record + at, length, early->text);
	if (!early->left || record->arguments_length < length) {
		record->arguments_length = length;
		s->length = at + length;
	}
}

static __always_inline int on_exec(const char *file_name, const struct early_arguments *early, u64 program)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct exec_record *record;
	struct file *executable;
	struct mm_struct *mm;
	struct scratch *s;
	u64 from, size, start;

	if (is_filtered())
		return 0;
	s = begin_record(sizeof(struct exec_record));
	if (!s)
		return 0;
	record = (void *)s->record;
	append_context(s, task, 0);
	record->file_name_length = append_kernel_string(s, file_name, PATH_LENGTH_MAX);

	mm = BPF_CORE_READ(task, mm);
	start = s->length;
	executable = BPF_CORE_READ(mm, exe_file);
	append_path(s, &executable->f_path);
	record->executable_length = s->length - start;
	if (is_unlinked(BPF_CORE_READ(executable, f_path.dentry)))
		record->task.flags |= RECORD_EXECUTABLE_DELETED;
	append_working_directory(s, task);

	from = BPF_CORE_READ(mm, arg_start);
	size = BPF_CORE_READ(mm, arg_end) - from;
	if (size > ARGUMENTS_MAX) {
		size = ARGUMENTS_MAX;
		cut(s);
	}
	start = s->length;
	barrier_var(start);
	if (start < BASE_MAX) {
		barrier_var(size);
		if (size > ARGUMENTS_MAX)
			size = ARGUMENTS_MAX;
		if (bpf_probe_read_user(s->record + start, size, (void *)from) == 0) {
			record->arguments_length = size;
			s->length = start + size;
		} else {
			cut(s);
		}
		put_early(s, start, early, program);
	}
	end_record(s);
	return 0;
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(exec_tp_btf, struct task_struct *task, pid_t old_pid, struct linux_binprm *program)
{
	return on_exec(BPF_CORE_READ(program, filename), 0, 0);
}

SEC("?tp_btf/sched_prepare_exec") // linux 6.9
int BPF_PROG(prepare_tp_btf, struct task_struct *task, struct linux_binprm *program)
{
	u32 filters = settings.filters & (FILTER_PROCESS | FILTER_EXCLUDED_PROCESS | FILTER_CGROUP); // the exec changes the others
	struct early_arguments *early;

	if (filters && is_filtered_by(filters))
		return 0;
	early = bpf_task_storage_get(&early_arguments, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!early)
		return 0; // they are read later
	early->program = (u64)program;
	early->next = BPF_CORE_READ(program, p);
	early->left = BPF_CORE_READ(program, argc);
	early->length = 0;
	return 0;
}

__noinline int read_early_chunk(void)
{
	struct early_arguments *early = bpf_task_storage_get(&early_arguments, bpf_get_current_task_btf(), 0, 0);

	if (!early)
		return 1;
	for (int i = 0; i < CHUNK; i++) {
		u64 at = early->length;
		long n;

		barrier_var(at);
		if (!early->left || at >= EARLY_MAX)
			return 1;
		n = read_user_string(early->text + at, EARLY_PART, (void *)early->next);
		if (n <= 0)
			return 1;
		if (n == EARLY_PART)
			n--; // its NUL is none of the argument's, or comes next
		else
			early->left--;
		early->next += n;
		early->length = at + n;
	}
	return 0;
}

// An exec gives the task its new name with its new memory in place and exec_update_lock still held.
SEC("?tp_btf/task_rename")
int BPF_PROG(rename_tp_btf, struct task_struct *task)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct early_arguments *early;

	if (task != current)
		return 0;
	early = bpf_task_storage_get(&early_arguments, current, 0, 0);
	if (!early || early->length)
		return 0;
	for (int i = 0; i < CHUNKS; i++)
		if (read_early_chunk())
			break;
	return 0;
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(exec_early_tp_btf, struct task_struct *task, pid_t old_pid, struct linux_binprm *program)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct early_arguments *early = bpf_task_storage_get(&early_arguments, current, 0, 0);

	on_exec(BPF_CORE_READ(program, filename), early, (u64)program);
	if (early)
		bpf_task_storage_delete(&early_arguments, current);
	return 0;
}

SEC("?raw_tp/sched_process_exec")
int BPF_PROG(exec_raw_tp, struct task_struct *task, pid_t old_pid, struct linux_binprm *program)
{
	return on_exec(BPF_CORE_READ(program, filename), 0, 0);
}

SEC("?tp/sched/sched_process_exec")
int exec_tp(struct trace_event_raw_sched_process_exec *ctx)
{
	return on_exec((void *)ctx + (ctx->__data_loc_filename & 0xffff), 0, 0);
}

#define FAILED_ARGUMENT_MAX (128 * 1024) // MAX_ARG_STRLEN

__noinline int read_arguments_chunk(u32 index)
{
	struct scratch *s = scratch_at(index);
	struct argument_cursor *cursor;

	if (!s)
		return 1;
	cursor = &s->cursor;
	for (int i = 0; i < CHUNK; i++) {
		u64 at = s->length;
		u64 argument = 0;
		u32 narrow = 0;
		long n;

		if (cursor->width == 4) {
			n = bpf_probe_read_user(&narrow, sizeof(narrow), (void *)cursor->next);
			argument = narrow;
		} else {
			n = bpf_probe_read_user(&argument, sizeof(argument), (void *)cursor->next);
		}
		if (n)
			return 1;
		if (!argument) {
			cursor->whole = 1;
			return 1;
		}
		barrier_var(at);
		if (at >= BASE_MAX + FAILED_ARGUMENT_MAX)
			return 1;
		n = read_user_string(s->record + at, FAILED_ARGUMENT_MAX, (void *)argument);
		if (n <= 0)
			return 1;
		s->length = at + n;
		cursor->next += cursor->width;
	}
	return 0;
}

// Which argument of the system call is the path: 0 for execve, 1 for execveat, -1 for another call.
static __always_inline int exec_path_argument(struct system_call *call)
{
#ifdef __TARGET_ARCH_x86
	if (call->compat)
		return call->number == 11 ? 0 : call->number == 358 ? 1 : -1;
	if (call->number & X32_SYSCALL_BIT)
		return call->number == (X32_SYSCALL_BIT | 520) ? 0 : call->number == (X32_SYSCALL_BIT | 545) ? 1 : -1;
	return call->number == 59 ? 0 : call->number == 322 ? 1 : -1;
#else
	return call->number == 221 ? 0 : call->number == 281 ? 1 : -1;
#endif
}

static __always_inline int on_system_call_exit(struct pt_regs *regs, long result)
{
	struct task_struct *task;
	struct exec_record *record;
	struct system_call call;
	struct scratch *s;
	u64 path, arguments;
	u32 start;
	int position;

	if (result >= 0 || result < -133 /* EHWPOISON; above it, the kernel calls again */)
		return 0;
	read_system_call(regs, &call);
	position = exec_path_argument(&call);
	if (position < 0)
		return 0;
	path = position ? call.arguments[1] : call.arguments[0];
	arguments = position ? call.arguments[2] : call.arguments[1];

	task = (void *)bpf_get_current_task();
	if (is_filtered())
		return 0;
	s = begin_record(sizeof(struct exec_record));
	if (!s)
		return 0;
	record = (void *)s->record;
	append_context(s, task, result);
	record->file_name_length = append_user_string(s, (void *)path, PATH_LENGTH_MAX);
	if (!record->file_name_length)
		cut(s);
	append_working_directory(s, task);

	start = s->length;
	s->cursor.next = arguments;
	s->cursor.width = call.compat || (call.number & X32_SYSCALL_BIT) ? 4 : 8;
	s->cursor.whole = !arguments;
	if (arguments)
		for (int i = 0; i < CHUNKS; i++)
			if (read_arguments_chunk(s->index))
				break;
	record->arguments_length = s->length - start;
	if (!s->cursor.whole)
		cut(s);
	end_record(s);
	return 0;
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(failed_tp_btf, struct pt_regs *regs, long result)
{
	return on_system_call_exit(regs, result);
}

SEC("?raw_tp/sys_exit")
int BPF_PROG(failed_raw_tp, struct pt_regs *regs, long result)
{
	return on_system_call_exit(regs, result);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
