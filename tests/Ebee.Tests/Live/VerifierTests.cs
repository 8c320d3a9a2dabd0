using System.Text;
using System.Text.RegularExpressions;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Programs that this kernel's verifier refuses: the error names program, line and cause.</summary>
[Trait("Category", "Live")]
public sealed class VerifierTests
{
    private const string Maps = """
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, char[16]); } m SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
        struct locked { struct bpf_spin_lock lock; }; struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct locked); } locks SEC(".maps");

        """;

    [LiveTheory]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "u32 k = 9; char *v = bpf_map_lookup_elem(&m, &k);\nreturn v[bpf_get_prandom_u32() & 1];", "map_value_or_null", "NULL")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "u64 *p = (void *)bpf_get_current_task();\nreturn *p;", "invalid mem access 'scalar'", "number is used as a pointer")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "u32 n = bpf_get_prandom_u32();\nfor (;;) bpf_get_prandom_u32();", "infinite loop detected", "no end of the loop")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "volatile u64 n = 0; u32 i;\nfor (i = 0; i < 100000000; i++) n += i;", "too large", "gave up")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "static long (*none)(void) = (void *)99999;\nreturn none();", "invalid func unknown#99999", "does not have the helper")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "\nreturn bpf_skb_load_bytes(ctx, 0, (void *)0, 0);", "bpf_skb_load_bytes", "does not let this kind of program call it")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "u32 k = 0; char *v = bpf_map_lookup_elem(&m, &k);\nreturn v ? v[bpf_get_prandom_u32()] : 0;", "unbounded memory access", "stays within")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "u32 k = 0; char *v = bpf_map_lookup_elem(&m, &k); s64 i = bpf_ktime_get_ns(); if (!v || i > 15) return 0;\nreturn v[i];", "unbounded min value|min value is negative", "stays within")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "u32 k = 0; char *v = bpf_map_lookup_elem(&m, &k); u32 i = bpf_get_prandom_u32() & 31;\nreturn v ? v[i] : 0;", "invalid access to map value", "can leave the map's value")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "u32 *e = bpf_ringbuf_reserve(&rb, 4, 0);\nreturn e ? 1 : 0;", "Unreleased reference", "not given back")]
    [InlineData("SEC(\"raw_tp/sys_enter\")", "u64 x;\nasm volatile(\"%0 = r8\" : \"=r\"(x)); return x;", "R8 !read_ok", "no path has set")]
    [InlineData("SEC(\"xdp\")", "struct xdp_md *x = ctx; char *d = (void *)(long)x->data;\nreturn d[3];", "invalid access to packet", "shorter than what is read")]
    [InlineData("SEC(\"xdp\")", "struct xdp_md *x = ctx;\nreturn *(volatile u32 *)((char *)x + 200);", "invalid bpf_context access", "no such field")]
    [InlineData("SEC(\"xdp\")", "\nreturn *(volatile u32 *)(ctx + (bpf_get_prandom_u32() & 4));", "variable ctx access|modified ctx", "constant offset")]
    [InlineData("SEC(\"cgroup_skb/egress\")", "u32 k = 0; struct locked *l = bpf_map_lookup_elem(&locks, &k); if (!l) return 0; bpf_spin_lock(&l->lock);\nbpf_get_prandom_u32(); bpf_spin_unlock(&l->lock);", "lock", "not possible here")]
    [InlineData("SEC(\"cgroup/connect4\")", "\nreturn 4711;", "R0", "not one that this kind")]
    public void A_refusal_names_program_line_and_cause(string section, string body, string verdict, string cause)
    {
        SkipException.If(Guest.IsHere && verdict == "too large", "on an emulated processor a million instructions take longer than an untrusted object is given");
        string source = $"{Maps}{section} int refused(void *ctx)\n{{\n{body}\nreturn 0;\n}}\n";
        EbpfException e = Refuse(source);
        Assert.True((EbpfError.VerifierRejected, "refused") == (e.Error, e.ProgramName), e.Message + e.Details);
        string[] lines = e.Message.Split('\n');
        string said = e.Message + "\n" + e.Details[Math.Max(0, e.Details.Length - 3000)..];
        Assert.StartsWith("The verifier refused the program refused of test: ", lines[0], StringComparison.Ordinal);
        Assert.True(Regex.IsMatch(lines[0], verdict) && Regex.IsMatch(lines[^1], cause), said);
        Assert.DoesNotContain("the error's Details", e.RecommendedAction, StringComparison.Ordinal);
        // The line after the first of the body, or that of the end where a reference is missed.
        Assert.Equal("<source>", e.SourceFile);
        Assert.InRange(e.LineNumber!.Value, 7, 8);
        Assert.Equal(source.Split('\n')[e.LineNumber.Value - 1].Trim(), e.SourceLine);
        Assert.Contains($"  <source>:{e.LineNumber}: {e.SourceLine}", lines);
        Assert.Contains("processed ", e.Details, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_licence_that_is_not_GPL_is_named()
    {
        EbpfException e = Refuse("char LICENSE[] SEC(\"license\") = \"MIT\";\nSEC(\"raw_tp/sys_enter\") int refused(void *ctx) {\nbpf_printk(\"x\");\nreturn 0; }");
        Assert.Contains("GPL-restricted function", e.Message, StringComparison.Ordinal);
        Assert.Contains("SEC(\"license\") = \"GPL\"", e.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(3, e.LineNumber);
    }

    [LiveFact]
    public void A_stack_of_several_functions_is_named()
    {
        EbpfException e = Refuse("""
            static __noinline int second(char *p) { char b[300]; bpf_probe_read_kernel(b, 300, p); return b[bpf_get_prandom_u32() & 255]; }
            SEC("xdp") int refused(void *ctx) { char b[300]; bpf_probe_read_kernel(b, 300, ctx); return second(b); }
            """);
        Assert.True(Regex.IsMatch(e.Message, "combined stack size of 2 calls is \\d+"), e.Message + e.Details);
        Assert.Contains("PERCPU_ARRAY", e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_field_that_this_kernel_lacks_is_named()
    {
        EbpfException e = Refuse("""
            #include "vmlinux.h"
            #include <bpf/bpf_helpers.h>
            #include <bpf/bpf_core_read.h>
            struct task_struct___mine { int no_such_field; } __attribute__((preserve_access_index));
            SEC("raw_tp/sys_enter") int refused(void *ctx)
            {
                struct task_struct___mine *t = (void *)bpf_get_current_task();
                return BPF_CORE_READ(t, no_such_field);
            }
            """);
        Assert.Contains("task_struct___mine.no_such_field", e.Message, StringComparison.Ordinal);
        Assert.Contains("This kernel has no such type or field.", e.Message, StringComparison.Ordinal);
        Assert.Contains("bpf_core_field_exists", e.RecommendedAction, StringComparison.Ordinal);
        // The compiler counts the instruction, of a macro, to the line before.
        Assert.Equal((7, "struct task_struct___mine *t = (void *)bpf_get_current_task();"), (e.LineNumber, e.SourceLine));
    }

    [LiveTheory]
    [InlineData("struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u64); __type(value, u64); } bad SEC(\".maps\");\nSEC(\"raw_tp/sys_enter\") int f(void *c) { u64 k = 0; return bpf_map_delete_elem(&bad, &k); }",
        EbpfError.MapFailed, "The kernel refused to create the map bad: EINVAL. It is of the type array, with max_entries 1, keys of 8 and values of 8 bytes.")]
    [InlineData("SEC(\"nothing/there\") int f(void *c) { return 0; }", EbpfError.InvalidObject, "The section of the program f does not say what kind of program it is: EINVAL.")]
    [InlineData("SEC(\"fentry/no_such_function\") int f(void *c) { return 0; }", EbpfError.FunctionNotFound, "The kernel's BTF has no function, tracepoint or type 'no_such_function': ESRCH.")]
    [InlineData("extern int no_such_kfunc(int) __ksym;\nSEC(\"raw_tp/sys_enter\") int f(void *c) { return no_such_kfunc(1); }", EbpfError.FunctionNotFound, "The kernel has no function or variable 'no_such_kfunc' that programs may use: EINVAL.")]
    [InlineData("SEC(\"raw_tp/sys_enter\") static __attribute__((used)) int f(void *c) { return 0; }", EbpfError.InvalidObject, "The program f is a static function: EOPNOTSUPP.")]
    public void What_libbpf_refuses_is_named(string source, EbpfError error, string message)
    {
        EbpfException e = Refuse(source);
        Assert.Equal((error, message), (e.Error, e.Message));
        Assert.NotEmpty(e.Details);
    }

    [LiveTheory]
    [InlineData("__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);", "EINVAL", "type perf_event_array, with", "keys of 4 bytes: __uint(key_size, 4) in its definition; a map of the type perf_event_array has values of 4 bytes: __uint(value_size, 4)")]
    [InlineData("__uint(type, BPF_MAP_TYPE_HASH); __type(key, u32); __type(value, u64);", "EINVAL", "max_entries 0", "has 1 to 134217728 entries: Start-EbpfProbe -MapSize @{ bad = 1024 }, or __uint(max_entries, 1024)")]
    [InlineData("__uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 3000000000); __type(key, u32); __type(value, u64);", "E2BIG", "max_entries 3000000000", "has 1 to 134217728 entries: Start-EbpfProbe -MapSize @{ bad = 1024 }")]
    [InlineData("__uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 4); __type(key, u32); __type(value, u64);", "EINVAL", "keys of 4 and", "has no keys")]
    [InlineData("__uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, u32);", "EINVAL", "values of 0", "__type(value, …)")]
    [InlineData("__uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 4); __type(key, u64); __type(value, u64);", "EINVAL", "type lpm_trie", "__uint(map_flags, BPF_F_NO_PREALLOC);")]
    [InlineData("__uint(type, BPF_MAP_TYPE_RINGBUF);", "EINVAL", "with 0 bytes", "Start-EbpfProbe -MapSize @{ bad = 1MB }, or __uint(max_entries, 1 << 20)")]
    public void A_map_that_cannot_be_is_told_what_its_type_asks_for(string definition, string errno, string fact, string action)
    {
        EbpfException e = Refuse($"struct {{ {definition} }} bad SEC(\".maps\");\nSEC(\"raw_tp/sys_enter\") int f(void *c) {{ return bpf_map_delete_elem(&bad, c); }}");
        Assert.Equal(EbpfError.MapFailed, e.Error);
        Assert.StartsWith($"The kernel refused to create the map bad: {errno}. It is of the type ", e.Message, StringComparison.Ordinal);
        Assert.Contains(fact, e.Message, StringComparison.Ordinal);
        Assert.Contains(action, e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_log_of_megabytes_comes_whole()
    {
        StringBuilder source = new("#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\nSEC(\"raw_tp/sys_enter\") int refused(void *ctx)\n{\n    volatile u64 n = 0;\n    for (u32 i = 0; i < 12000; i++)\n        n += bpf_ktime_get_ns();\n");
        source.Append("    return *(u64 *)n;\n}\n");
        EbpfException e = Refuse(source.ToString());
        Assert.True(e.Details.Length > 3 << 20, $"{e.Details.Length}");
        Assert.Equal(12000, e.Details.Split("call bpf_ktime_get_ns#5 ").Length - 1);
        Assert.Contains("BEGIN PROG LOAD LOG --\n", e.Details, StringComparison.Ordinal);
        Assert.Contains("END PROG LOAD LOG", e.Details, StringComparison.Ordinal);
        Assert.Equal((8, "return *(u64 *)n;"), (e.LineNumber, e.SourceLine));
    }

    [LiveFact]
    public void What_the_verifier_counts_is_what_the_kernel_remembers()
    {
        using ObjectBuilder builder = Build("""
            SEC("raw_tp/sys_enter") int one(void *ctx) { char b[40]; bpf_probe_read_kernel(b, 40, ctx); return b[bpf_get_prandom_u32() & 31]; }
            SEC("raw_tp/sys_exit") int two(void *ctx) { u64 n = 0; for (int i = 0; i < 50; i++) n += bpf_get_prandom_u32(); return n; }
            """);
        using OpenedObject opened = builder.Open();
        List<VerifierStatistics> all = opened.Verify();
        Assert.Equal(["one", "two"], all.Select(s => s.ProgramName));
        Dictionary<string, ObjectProgram> programs = opened.Programs.ToDictionary(program => program.Name);
        foreach (VerifierStatistics statistics in all)
        {
            // fdinfo of the loaded program is the witness.
            string info = File.ReadAllText($"/proc/self/fdinfo/{programs[statistics.ProgramName].Fd}");
            Assert.Contains($"verified_insns:\t{statistics.Instructions}\n", info, StringComparison.Ordinal);
            Assert.Equal(1_000_000u, statistics.InstructionLimit);
            Assert.True(statistics.VerificationTimeUs > 0);
        }
        Assert.Equal([40], all[0].StackDepth);
        Assert.True(all[1].Instructions > 150);
    }

    [LiveFact]
    public void An_older_kernels_log_gets_file_and_line_from_the_object()
    {
        byte[] obj = SourceCompiler.Compile("""
            SEC("raw_tp/sys_enter") int other(void *ctx) { return 0; }
            SEC("raw_tp/sys_enter") int refused(void *ctx)
            {
                u64 *task = (void *)bpf_get_current_task();
                return *task;
            }
            """);
        string log = """
            libbpf: prog 'refused': BPF program load failed: Permission denied
            libbpf: prog 'refused': -- BEGIN PROG LOAD LOG --
            ; u64 *task = (void *)bpf_get_current_task();
            0: (85) call bpf_get_current_task#35
            ; return *task;
            1: (79) r0 = *(u64 *)(r0 +0)
            R0 invalid mem access 'inv'
            processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
            -- END PROG LOAD LOG --
            libbpf: prog 'refused': failed to load: -13

            """;
        EbpfException e = LoadErrors.From("test", 13, log, obj);
        Assert.Equal(("<source>", 5, "return *task;"), (e.SourceFile, e.LineNumber, e.SourceLine));
        // And without the object, what the log has.
        e = LoadErrors.From("test", 13, log, default);
        Assert.Equal((null, null, "return *task;"), (e.SourceFile, e.LineNumber, e.SourceLine));
        // A file that says nonsense is no reason to fail.
        for (int i = 0; i < obj.Length; i += 7)
        {
            byte[] bad = [.. obj];
            bad[i] ^= 0xff;
            Assert.Equal("refused", LoadErrors.From("test", 13, log, bad).ProgramName);
            Assert.Equal("refused", LoadErrors.From("test", 13, log, obj.AsSpan(0, i)).ProgramName);
        }
    }

    [LiveFact]
    public void A_refused_program_has_no_statistics_but_an_error()
    {
        using ObjectBuilder builder = Build("SEC(\"raw_tp/sys_enter\") int refused(void *ctx) { return *(u64 *)bpf_get_current_task(); }");
        using OpenedObject opened = builder.Open();
        Assert.Throws<EbpfException>(opened.Verify);
    }

    private static EbpfException Refuse(string source)
    {
        using ObjectBuilder builder = Build(source);
        return Assert.Throws<EbpfException>(() =>
        {
            using OpenedObject opened = builder.Open();
            opened.Load().Dispose();
        });
    }

    private static ObjectBuilder Build(string source) => ObjectBuilder.FromBytes("test", SourceCompiler.Compile(source));
}
