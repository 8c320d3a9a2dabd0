using System.Diagnostics;
using System.Text;
using Ebee.Btf;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Compiling C: with each clang of the machine, and loaded by bpftool, which uses libbpf alone.</summary>
[Trait("Category", "Live")]
public sealed class SourceCompilerTests
{
    private const string Execve = "tracepoint/syscalls/sys_enter_execve";

    /// <summary>The clangs that are installed side by side.</summary>
    public static TheoryData<int> Clangs => [.. Installed];

    private static int[] Installed { get; } = [.. new[] { 14, 16 }.Where(version => File.Exists($"/usr/bin/clang-{version}"))];

    [LiveTheory]
    [MemberData(nameof(Clangs))]
    public void A_function_alone_becomes_a_program(int clang)
    {
        byte[] obj = Compile("int hello(void *ctx) { bpf_printk(\"Hello World!\"); return 0; }", clang, Execve);
        Assert.Equal(["hello"], Load(obj, out string code));
        Assert.Contains("bpf_trace_printk", code, StringComparison.Ordinal);
        Assert.Contains("bpf_printk(\"Hello World!\"); return 0; } [file:<source> line_num:1 ", code, StringComparison.Ordinal);
    }

    [LiveTheory]
    [MemberData(nameof(Clangs))]
    public void Functions_that_are_called_are_no_programs(int clang)
    {
        byte[] obj = Compile("""
            struct two { long a, b; };
            static __noinline int helper(int x) { return x * 3 + bpf_get_prandom_u32(); }
            __noinline int sub(int x) { return x + bpf_get_smp_processor_id(); }
            static long step(u32 i, void *ctx) { return i > 3; }
            int first(void *ctx) { bpf_loop(10, step, NULL, 0); return helper(1) + sub(2); }
            int second(void *ctx)
            {
                struct task_struct *task = (void *)bpf_get_current_task();
                return BPF_CORE_READ(task, tgid) ? sub(4) : 0;
            }
            """, clang, "raw_tracepoint/sys_enter");
        Assert.Equal(["first", "second"], Load(obj, out string code));
        Assert.Contains("[file:<source> line_num:2 ", code, StringComparison.Ordinal);
    }

    [LiveTheory]
    [MemberData(nameof(Clangs))]
    public void What_says_its_section_stays_where_it_is(int clang)
    {
        byte[] obj = Compile("""
            #include "vmlinux.h"
            #include <bpf/bpf_helpers.h>
            int called(int x) { return x; }
            SEC("raw_tp/sys_exit") int one(void *ctx) { return called(1); }
            SEC("kprobe/do_nanosleep") int two(void *ctx) { return 0; }
            char mine[] SEC("license") = "Dual BSD/GPL";
            """, clang, Execve);
        Assert.Equal(["one", "two"], Load(obj, out _));
        Assert.Equal("Dual BSD/GPL\0"u8.ToArray(), ElfSection.Find(obj, "license").ToArray());
    }

    [LiveTheory]
    [MemberData(nameof(Clangs))]
    public void Structs_of_local_variables_are_in_BTF(int clang)
    {
        byte[] obj = Compile("""
            struct event { u32 pid; char comm[16]; struct inner { u8 x; } in; };
            typedef struct { u64 when; } stamp_t;
            typedef const struct __attribute__((packed)) { char c; int i; } packed_t;
            union either { int i; float f; };
            enum color { RED, GREEN = 7 };
            struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
            static struct event *make(void) { return bpf_ringbuf_reserve(&events, sizeof(struct event), 0); }
            #if 0
            struct never { int x; };
            #endif
            int hello(void *ctx)
            {
                struct local { int x; };
                stamp_t t = { bpf_ktime_get_ns() };
                struct event *e = make();
                if (e)
                    bpf_ringbuf_submit(e, 0);
                return t.when > GREEN;
            }
            """, clang, Execve);
        BtfBlob btf = BtfBlob.Parse(ElfSection.Find(obj, ".BTF"));
        Assert.Equal(3, btf.Find(BtfKind.Struct, "event")!.Members.Length);
        Assert.Equal(8, btf.Resolve(btf.Find(BtfKind.Typedef, "stamp_t")!.Id).Size);
        Assert.Equal(5, btf.Resolve(btf.Find(BtfKind.Typedef, "packed_t")!.Id).Size);
        Assert.NotNull(btf.Find(BtfKind.Union, "either"));
        Assert.NotNull(btf.Find(BtfKind.Enum, "color"));
        Assert.Null(btf.Find(BtfKind.Struct, "never"));
        string file = Write(obj);
        CommandRun dump = CommandRun.Run("bpftool", ["btf", "dump", "file", file]);
        Assert.Contains("STRUCT 'event' size=24 vlen=3", dump.Output, StringComparison.Ordinal);
        // No map but the one declared: not of what keeps the types either.
        Assert.Equal(["hello"], Load(obj, out _, out string[] maps));
        Assert.Equal(["events"], maps);
    }

    [LiveFact]
    public void A_struct_of_a_header_beside_the_source_is_in_BTF_too()
    {
        string folder = TestFolder.New("source");
        File.WriteAllText(Path.Combine(folder, "common.h"), "#pragma once\nstruct shared { int pid; };\n");
        string path = Path.Combine(folder, "a probe.bpf.c");
        File.WriteAllText(path, """
            #include "vmlinux.h"
            #include <bpf/bpf_helpers.h>
            #include "common.h"
            SEC("tp/syscalls/sys_enter_execve")
            int handle(void *ctx)
            {
                struct shared s = { bpf_get_current_pid_tgid() >> 32 };
                return s.pid == 1;
            }
            """);
        byte[] obj = SourceCompiler.CompileFile(path);
        Assert.NotNull(BtfBlob.Parse(ElfSection.Find(obj, ".BTF")).Find(BtfKind.Struct, "shared"));
        Assert.Equal(["handle"], Load(obj, out string code));
        Assert.Contains($"return s.pid == 1; [file:{path} line_num:8 ", code, StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("int f(void *c)\n{\n    return missing;\n}", "The source does not compile: line 3, column 12: use of undeclared identifier 'missing'.")]
    [InlineData("int f(void *c)\n{\n  if (c) {\n  return 0;\n}", "The source does not compile: line 2, column 1 (to match this '{'): expected '}'.")]
    [InlineData("int f(struct pt_regs *c) { return c->nothing; }", "The source does not compile: line 1, column 38: no member named 'nothing' in 'struct pt_regs'.")]
    [InlineData("int f(void *c) { return nothere(1); }", "The source does not compile: line 1, column 25: implicit declaration of function 'nothere' is invalid in C99.")]
    [InlineData("int f(void *c) { return a + b + d; }", "The source does not compile: line 1, column 25: use of undeclared identifier 'a'. (and 2 more errors)")]
    [InlineData("long g, h;\nint f(void *c) {\n return g / h; }", "The source does not compile: line 3: signed division is not supported.")]
    public void An_error_has_the_line_and_the_column(string source, string message)
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Compile(source, 14, "xdp"));
        Assert.Equal((EbpfError.CompileFailed, message), (e.Error, e.Message));
        Assert.Contains("<source>", e.Details, StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("#include <bpf/none.h>", "apt-get install libbpf-dev")]
    [InlineData("#include \"common.h\"", "-SourcePath")]
    [InlineData("#include <linux/none.h>", "linux-libc-dev")]
    [InlineData("#include <linux/bpf.h>\nint f(struct task_struct *t) { return t->pid; }", "#include \"vmlinux.h\"")]
    [InlineData("#include <linux/bpf.h>\nint f(void *c) { return bpf_get_current_pid_tgid(); }", "<bpf/bpf_helpers.h>")]
    [InlineData("int f(void *c) { return ETH_P_IP; }", "#define")]
    [InlineData("#include <linux/ip.h>\n#include \"vmlinux.h\"\nint f(void *c) { return 0; }", "do not include <linux/*.h>")]
    [InlineData("int f(void *c) { char big[600] = {}; bpf_probe_read_kernel(big, 600, c); return big[bpf_get_prandom_u32() % 600]; }", "512 bytes of stack")]
    [InlineData("static int f(void *c) { return 0; }", "not static")]
    public void A_well_known_error_says_what_to_do(string source, string action)
    {
        foreach (int clang in Installed)
        {
            EbpfException e = Assert.Throws<EbpfException>(() => Compile(source, clang, "xdp"));
            Assert.Equal(EbpfError.CompileFailed, e.Error);
            Assert.Contains(action, e.RecommendedAction, StringComparison.Ordinal);
        }
    }

    [LiveTheory]
    [InlineData("stdint.h")]
    [InlineData("string.h")]
    [InlineData("stdio.h")]
    [InlineData("linux/icmp.h")]
    [InlineData("netinet/in.h")]
    public void Headers_of_the_C_library_and_of_the_kernel_compile(string header)
    {
        foreach (int clang in Installed)
        {
            Assert.NotEmpty(Compile($"#include <linux/bpf.h>\n#include <{header}>\nint f(void *c) {{ return 0; }}", clang, "xdp"));
        }
    }

    [LiveFact]
    public void Folders_of_headers_and_macros_can_be_given_and_are_trusted_like_others()
    {
        string folder = TestFolder.New("include");
        Directory.CreateDirectory($"{folder}/tool");
        File.WriteAllText($"{folder}/tool/common.h", "#define COMMON (SIZE + 1)\n");
        SourceOptions with = new() { IncludePath = [folder], Define = ["SIZE=41", "ON"] };
        const string Source = "#include \"vmlinux.h\"\n#include <tool/common.h>\n_Static_assert(COMMON == 42 && ON == 1, \"\");\nint f(void *c) { return 0; }";
        Assert.NotEmpty(SourceCompiler.Compile(Source, "xdp", with: with));
        File.SetUnixFileMode($"{folder}/tool/common.h", UnixFileMode.UserRead | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        EbpfException e = Assert.Throws<EbpfException>(() => SourceCompiler.Compile(Source, "xdp", with: with));
        Assert.Equal(EbpfError.FileUntrusted, e.Error);
        Assert.Contains("tool/common.h", e.Message, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_macro_that_the_headers_are_too_old_for_is_named_with_its_version()
    {
        string folder = TestFolder.New("libbpf");
        Directory.CreateDirectory($"{folder}/bpf");
        File.WriteAllText($"{folder}/bpf/bpf_helpers.h", "");
        void Version(int minor) => File.WriteAllText($"{folder}/bpf/libbpf_version.h", $"#define LIBBPF_MAJOR_VERSION 1\n#define LIBBPF_MINOR_VERSION {minor}\n");
        SourceOptions with = new() { IncludePath = [folder] };
        EbpfException Error() => Assert.Throws<EbpfException>(() =>
            SourceCompiler.Compile("#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\nint f(void *c) { int i; bpf_for(i, 0, 10) { } return 0; }", "xdp", with: with));
        Version(1);
        Assert.Contains("bpf_for came with libbpf 1.2, and the headers are older: those of libbpf 1.1", Error().Message, StringComparison.Ordinal);
        Assert.Contains("-IncludePath", Error().RecommendedAction, StringComparison.Ordinal);
        Version(2);
        Assert.DoesNotContain("libbpf 1", Error().Message, StringComparison.Ordinal);
    }

    [LiveFact]
    public void SEC_without_the_header_that_defines_it_names_that()
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Compile("#include \"vmlinux.h\"\nSEC(\"xdp\")\nint f(void *c) { return 0; }", Installed[0], "xdp"));
        Assert.Contains("#include <bpf/bpf_helpers.h>", e.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("SEC()", e.Message, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_function_without_a_body_is_named_and_the_kernel_not_blamed()
    {
        byte[] compiled = SourceCompiler.Compile("extern int nowhere(int n); int g; int f(void *c) { g = nowhere(1); return 0; }", "raw_tp/sys_enter");
        using ObjectBuilder builder = ObjectBuilder.FromBytes("test", compiled);
        EbpfException e = Assert.Throws<EbpfException>(() => ProbeStart.Verify(builder, new ProbeOptions(), default));
        Assert.Equal(EbpfError.InvalidObject, e.Error);
        Assert.StartsWith("The function or variable nowhere is declared and used", e.Message, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_header_has_the_types_of_events()
    {
        string header = Path.Combine(TestFolder.New("header"), "event.h");
        File.WriteAllText(header, "#ifndef EVENT_H\n#define EVENT_H\n#define ROOM (2 * 8)\n#include <linux/types.h>\nstruct key { __u64 id; };\nstruct span { __u32 pid; char comm[ROOM]; };\n#endif\n");
        Events.EventOptions options = new() { EventType = header };
        Assert.Equal("struct span", Assert.Single(Events.RecordTypes.Find("events", true, [new EventOutput(3, 20)], [], options)).CName);
        EbpfException e = Assert.Throws<EbpfException>(() => Events.RecordTypes.Find("events", true, [new EventOutput(3, 20)], [], new() { EventType = header + "h" }));
        Assert.Equal(EbpfError.FileFailed, e.Error);
    }

    [LiveFact]
    public void An_error_in_a_header_names_the_header()
    {
        string folder = TestFolder.New("source");
        File.WriteAllText(Path.Combine(folder, "common.h"), "\n  int x = ;\n");
        string path = Path.Combine(folder, "a.c");
        File.WriteAllText(path, "#include \"common.h\"\nint f(void *c) { return 0; }");
        EbpfException e = Assert.Throws<EbpfException>(() => SourceCompiler.CompileFile(path, "xdp"));
        Assert.Equal($"'{path}' does not compile: {folder}/common.h, line 2, column 11: expected expression.", e.Message);
    }

    [LiveFact]
    public void Without_a_section_it_says_what_to_give()
    {
        EbpfException e = Assert.Throws<EbpfException>(() => SourceCompiler.Compile("int f(void *c) { return 0; }"));
        Assert.Equal(EbpfError.AttachTargetMissing, e.Error);
        Assert.Contains("-Tracepoint", e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void Nothing_is_read_from_the_current_folder_or_the_environment()
    {
        string folder = TestFolder.New("source"), before = Environment.CurrentDirectory;
        File.WriteAllText(Path.Combine(folder, "common.h"), "#define COMMON 1\n");
        File.WriteAllText(Path.Combine(folder, "vmlinux.h"), "#error not this one\n");
        Environment.CurrentDirectory = folder;
        Environment.SetEnvironmentVariable("CPATH", folder);
        try
        {
            Assert.NotEmpty(SourceCompiler.Compile("int f(void *c) { return 0; }", "xdp"));
            EbpfException e = Assert.Throws<EbpfException>(() => SourceCompiler.Compile("#include \"common.h\"\nint f(void *c) { return COMMON; }", "xdp"));
            Assert.Contains("'common.h' file not found", e.Message, StringComparison.Ordinal);
            Assert.Contains("file not found", Assert.Throws<EbpfException>(() => SourceCompiler.Compile("#include <common.h>", "xdp")).Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.CurrentDirectory = before;
            Environment.SetEnvironmentVariable("CPATH", null);
        }
    }

    [LiveFact]
    public void A_compiler_that_hangs_is_ended()
    {
        string folder = TestFolder.New("source");
        Assert.Equal(0, CommandRun.Run("mkfifo", [Path.Combine(folder, "never.h")]).ExitCode);
        string path = Path.Combine(folder, "a.c");
        File.WriteAllText(path, "#include \"never.h\"\nint f(void *c) { return 0; }");
        Stopwatch watch = Stopwatch.StartNew();
        EbpfException e = Assert.Throws<EbpfException>(() => SourceCompiler.CompileFile(path, "xdp", limit: TimeSpan.FromMilliseconds(500)));
        Assert.Contains("did not end within 0.5 s", e.Message, StringComparison.Ordinal);
        using CancellationTokenSource cancellation = new(300);
        Assert.ThrowsAny<OperationCanceledException>(() => SourceCompiler.CompileFile(path, "xdp", cancellation: cancellation.Token));
        Assert.InRange(watch.ElapsedMilliseconds, 800, Guest.Limit(5_000));
        Assert.DoesNotContain(Process.GetProcesses(), process => process.ProcessName.StartsWith("clang", StringComparison.Ordinal) && Command(process).Contains(path, StringComparison.Ordinal));
        EbpfException fifo = Assert.Throws<EbpfException>(() => SourceCompiler.CompileFile(Path.Combine(folder, "never.h"), "xdp"));
        Assert.Equal(EbpfError.FileFailed, fifo.Error);
    }

    [LiveFact]
    public void Macros_that_grow_without_an_end_end()
    {
        StringBuilder source = new("#define A0 1+1\n");
        for (int i = 1; i < 40; i++)
        {
            source.Append($"#define A{i} A{i - 1}+A{i - 1}\n");
        }
        source.Append("int f(void *c) { return A39; }");
        EbpfException e = Assert.Throws<EbpfException>(() => SourceCompiler.Compile(source.ToString(), "xdp", limit: Guest.Limit(TimeSpan.FromSeconds(10))));
        Assert.Equal(EbpfError.CompileFailed, e.Error);
        Assert.Matches("more than 64 MB|did not end", e.Message);
    }

    [LiveFact]
    public void No_file_is_left()
    {
        string cache = Host.CacheFolder.Find()!;
        SourceCompiler.Compile("int f(void *c) { return 0; }", "xdp");
        int descriptors = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        for (int i = 0; i < 5; i++)
        {
            SourceCompiler.Compile("int f(void *c) { return 0; }", "xdp");
            Assert.Throws<EbpfException>(() => SourceCompiler.Compile("int f(", "xdp"));
        }
        // Other processes compile at the same time.
        Assert.Empty(Directory.GetFileSystemEntries(cache, $"run-{Environment.ProcessId}-*"));
        Assert.InRange(Directory.GetFileSystemEntries("/proc/self/fd").Length, 0, descriptors + 3);
    }

    [LiveFact]
    public void The_kernels_types_are_made_once_and_cost_little_then()
    {
        string cache = TestFolder.New("cache");
        File.SetUnixFileMode(cache, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Stopwatch watch = Stopwatch.StartNew();
        string folder = VmlinuxHeader.Folder(cache, "/nonexistent", new Host.FileUse());
        TimeSpan miss = watch.Elapsed;
        string file = Path.Combine(folder, "vmlinux.h");
        DateTime written = File.GetLastWriteTimeUtc(file);
        Assert.Equal([file], Directory.GetFiles(folder));
        Assert.Equal(TypeHeader.Make(), File.ReadAllBytes(file));
        watch.Restart();
        Assert.Equal(folder, VmlinuxHeader.Folder(cache, "/nonexistent", new Host.FileUse()));
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
        Assert.True(watch.Elapsed < miss / 5, $"{watch.Elapsed} of {miss}");
        // And without a cache, in the folder that goes.
        string temporary = TestFolder.New("temporary");
        Assert.StartsWith(temporary, VmlinuxHeader.Folder(null, temporary, new Host.FileUse()), StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("truncate -s 0 {0}")]
    [InlineData("truncate -s 100 {0}")]
    [InlineData("dd if=/dev/zero of={0} bs=4096 seek=7 count=1 conv=notrunc status=none")]
    [InlineData("echo '#error planted' > {0}")]
    [InlineData("rm {0}")]
    [InlineData("rm $(dirname {0})/../sum")]
    public void Damaged_types_in_the_cache_are_made_anew(string damage)
    {
        string cache = Cache();
        string file = Path.Combine(VmlinuxHeader.Folder(cache, "/nonexistent", new Host.FileUse()), "vmlinux.h");
        byte[] right = File.ReadAllBytes(file);
        FileTrustTests.Shell(damage.Replace("{0}", file, StringComparison.Ordinal));
        Assert.Equal(file, Path.Combine(VmlinuxHeader.Folder(cache, "/nonexistent", new Host.FileUse()), "vmlinux.h"));
        Assert.Equal(right, File.ReadAllBytes(file));
    }

    [LiveFact]
    public void A_cache_that_cannot_be_written_gives_way_and_keeps_nothing_half() => PrivateMounts.Run(() =>
    {
        foreach (string option in new[] { "ro", "size=1m" })
        {
            string cache = TestFolder.New("cache"), temporary = TestFolder.New("temporary");
            Sys.Mount("none", cache, "tmpfs", 0, "mode=700" + (option == "ro" ? "" : "," + option));
            if (option == "ro")
            {
                FileTrustTests.Shell($"mount -o remount,ro {cache}");
            }
            Host.FileUse use = new();
            for (int i = 0; i < 3; i++)
            {
                Assert.StartsWith(temporary, VmlinuxHeader.Folder(cache, temporary, use), StringComparison.Ordinal);
                Assert.Empty(Directory.GetFiles(cache, "*", SearchOption.AllDirectories));
            }
            Assert.All(use.Notes, note => Assert.StartsWith($"vmlinux.h is not kept in {cache}", note, StringComparison.Ordinal));
            Assert.Equal(3, use.Notes.Count);
        }
    });

    [LiveFact]
    public void The_cache_is_bounded()
    {
        string cache = Cache();
        (string Name, int Days)[] entries = [("vmlinux-1", 100), ("vmlinux-2", 5), ("vmlinux-3", 4), ("vmlinux-4", 3), ("vmlinux-5", 2), ("vmlinux-6", 0), ("run-1-a", 2), ("run-2-b", 0), ("other", 200)];
        foreach ((string name, int days) in entries)
        {
            string folder = Directory.CreateDirectory(Path.Combine(cache, name)).FullName;
            File.WriteAllText(Path.Combine(folder, "file"), "");
            Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow.AddDays(-days));
        }
        string part = Path.Combine(cache, "part-1");
        File.WriteAllText(part, "");
        File.SetLastWriteTimeUtc(part, DateTime.UtcNow.AddDays(-2));
        string made = Path.GetFileName(Path.GetDirectoryName(VmlinuxHeader.Folder(cache, "/nonexistent", new Host.FileUse()))!);
        Assert.Equal(new[] { made, "vmlinux-3", "vmlinux-4", "vmlinux-5", "vmlinux-6", "run-2-b", "other" }.Order(),
            Directory.GetFileSystemEntries(cache).Select(entry => Path.GetFileName(entry)).Order());
    }

    private static string Cache()
    {
        string cache = TestFolder.New("cache");
        File.SetUnixFileMode(cache, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return cache;
    }

    private static byte[] Compile(string source, int clang, string? section = null) =>
        SourceCompiler.Compile(source, section, Clang.At($"/usr/bin/clang-{clang}"));

    private static string[] Load(byte[] obj, out string code) => Load(obj, out code, out _);

    // Pins the programs in an own bpffs folder, so that bpftool can show them.
    private static string[] Load(byte[] obj, out string code, out string[] maps)
    {
        string folder = $"/sys/fs/bpf/ebee_compile_{Environment.ProcessId}_{Guid.NewGuid():N}";
        string mapFolder = folder + "_maps";
        try
        {
            CommandRun run = CommandRun.Run("bpftool", ["prog", "loadall", Write(obj), folder, "pinmaps", mapFolder]);
            Assert.True(run.ExitCode == 0, run.Errors);
            string[] programs = [.. Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
            code = string.Concat(programs.Select(name =>
                CommandRun.Run("bpftool", ["prog", "dump", "xlated", "pinned", Path.Combine(folder, name), "linum"]).Output));
            maps = Directory.Exists(mapFolder) ? [.. Directory.GetFiles(mapFolder).Select(path => Path.GetFileName(path)).Where(name => !name.Contains("rodata", StringComparison.Ordinal))] : [];
            return programs;
        }
        finally
        {
            CommandRun.Run("rm", ["-rf", folder, mapFolder]);
        }
    }

    private static string Write(byte[] obj)
    {
        string file = Path.Combine(TestFolder.New("object"), "o.bpf.o");
        File.WriteAllBytes(file, obj);
        return file;
    }

    private static string Command(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
