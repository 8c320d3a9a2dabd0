using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Which of an object's programs are loaded and attached, and to what.</summary>
[Trait("Category", "Live")]
public sealed class ProbePlanTests
{
    private const string Head = """
        #include <linux/bpf.h>
        #include <linux/ptrace.h>
        #include <bpf/bpf_helpers.h>
        char LICENSE[] SEC("license") = "GPL";
        __u32 target;
        static int count(__u64 *counter) { if (target == bpf_get_current_pid_tgid() >> 32) __sync_fetch_and_add(counter, 1); return 0; }

        """;

    private const string Calls = Head + """
        __u64 entries, tails;
        int second(void *context);
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); } other SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 8); __uint(key_size, 4); __array(values, int(void *)); } calls SEC(".maps") = { .values = { [5] = (void *)&second } };
        SEC("raw_tp/sys_enter") int first(void *context) { __u32 key = 0; count(&entries); bpf_map_lookup_elem(&other, &key); bpf_tail_call(context, &calls, 5); return 0; }
        SEC("?raw_tp/sys_enter") int second(void *context) { return count(&tails); }
        """;

    private const string Variants = Head + """
        __u64 by_btf, by_raw, by_other;
        SEC("raw_tp/sys_enter") int with_raw(void *context) { return count(&by_raw); }
        SEC("tp_btf/sys_enter") int with_btf(void *context) { return count(&by_btf); }
        SEC("raw_tp/sys_exit") int with_other(void *context) { return count(&by_other); }
        """;

    private const string Broken = Head + """
        __u64 by_btf, by_raw, by_other;
        SEC("tp_btf/sys_enter") int with_btf(void *context) { return *(volatile int *)0; }
        SEC("raw_tp/sys_enter") int with_raw(void *context) { return count(&by_raw); }
        """;

    private const string Missing = Head + """
        __u64 here, gone;
        SEC("tp_btf/ebee_no_such") int typed(void *context) { return count(&gone); }
        SEC("tp/syscalls/sys_enter_ebee_no_such") int traced(void *context) { return count(&gone); }
        SEC("raw_tp/sys_enter") int present(void *context) { return count(&here); }
        """;

    [LiveTheory]
    [InlineData("")]
    [InlineData("first")]
    public void What_a_map_of_programs_holds_is_loaded_and_only_called(string name)
    {
        using EbpfProbe probe = Start(Calls, new() { ProgramName = name.Length > 0 ? [name] : [] });
        Assert.Equal(["first: raw_tracepoint sys_enter", "second: tail_call calls[5]"], probe.Programs.Select(program => $"{program}").Order());
        (ulong entries, ulong tails) = (Count(probe, "entries"), Count(probe, "tails"));
        Assert.InRange(entries, 100u, ulong.MaxValue);
        Assert.Equal(entries, tails);
    }

    [LiveFact]
    public void A_program_that_others_call_cannot_be_left_out() =>
        Assert.Contains("second", Assert.Throws<EbpfException>(() => Start(Calls, new() { ExcludeProgram = ["sec*"] })).Message, StringComparison.Ordinal);

    [LiveFact]
    public void Of_programs_for_one_hook_the_best_is_attached()
    {
        using EbpfProbe probe = Start(Variants, new());
        Assert.Equal(["with_btf", "with_other"], probe.Programs.Select(program => program.Name));
        Assert.Equal(["with_raw (raw_tp/sys_enter): with_btf (tp_btf/sys_enter) is attached in its place"], probe.LeftOut);
        Assert.InRange(Count(probe, "by_btf"), 100u, ulong.MaxValue);
        Assert.Equal(0u, Count(probe, "by_raw"));
    }

    [LiveTheory]
    [InlineData("with_raw with_btf", "", "with_raw with_btf")]
    [InlineData("", "with_b*", "with_raw with_other")]
    [InlineData("with_*", "with_btf with_other", "with_raw")]
    public void Names_choose(string names, string excluded, string expected)
    {
        using EbpfProbe probe = Start(Variants, new() { ProgramName = names.Split(' ', StringSplitOptions.RemoveEmptyEntries), ExcludeProgram = excluded.Split(' ', StringSplitOptions.RemoveEmptyEntries) });
        Assert.Equal(expected.Split(' '), probe.Programs.Select(program => program.Name));
        Assert.Empty(probe.LeftOut);
    }

    [LiveFact]
    public void Where_the_best_does_not_load_the_next_is_taken()
    {
        using EbpfProbe probe = Start(Broken, new());
        Assert.Equal(["with_raw"], probe.Programs.Select(program => program.Name));
        Assert.StartsWith("with_btf (tp_btf/sys_enter): The verifier refused the program with_btf", Assert.Single(probe.LeftOut), StringComparison.Ordinal);
        Assert.InRange(Count(probe, "by_raw"), 100u, ulong.MaxValue);
    }

    [LiveFact]
    public void A_program_whose_hook_is_missing_is_named_with_how_to_start_the_others()
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Start(Missing, new() { ExcludeProgram = ["typed"] }));
        Assert.Equal((EbpfError.TracepointNotFound, "traced"), (e.Error, e.ProgramName));
        Assert.Contains("-ExcludeProgram traced", e.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("-SkipMissing", e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void Missing_hooks_are_skipped_when_that_is_asked()
    {
        using EbpfProbe probe = Start(Missing, new() { SkipMissing = true });
        Assert.Equal(["present"], probe.Programs.Select(program => program.Name));
        Assert.Equal(["traced", "typed"], probe.LeftOut.Select(left => left.Split(' ')[0]).Order());
        Assert.InRange(Count(probe, "here"), 100u, ulong.MaxValue);
        Assert.Equal(EbpfError.TracepointNotFound, Assert.Throws<EbpfException>(() => Start(Missing, new() { SkipMissing = true, ProgramName = ["t*"] })).Error);
    }

    [LiveFact]
    public void The_verifier_needs_no_hook()
    {
        using ObjectBuilder builder = ObjectBuilder.FromBytes("missing", BpfCause.Compile(Missing));
        Assert.Equal(["traced", "present"], ProbeStart.Verify(builder, new() { ExcludeProgram = ["typed"] }).Select(program => program.ProgramName));
    }

    [LiveTheory]
    [InlineData("tp_btf/placeholder")]
    [InlineData("raw_tp/placeholder")]
    [InlineData("tp/nothing/placeholder")]
    public void An_option_stands_in_for_what_the_section_names(string section)
    {
        using EbpfProbe probe = Start($"{Head}__u64 calls; SEC(\"{section}\") int any(void *context) {{ return count(&calls); }}",
            new() { Tracepoint = section.StartsWith("tp/", StringComparison.Ordinal) ? "syscalls:sys_enter_gettid" : "sys_enter" });
        Assert.InRange(Count(probe, "calls"), 100u, ulong.MaxValue);
    }

    [LiveFact]
    public void An_option_stands_in_for_none_of_several_names()
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Start(Variants, new() { Tracepoint = "sys_enter" }));
        Assert.Equal(EbpfError.InvalidArgument, e.Error);
        Assert.Contains("-ProgramName", e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void An_object_of_maps_alone_is_a_probe()
    {
        using EbpfProbe probe = Start("#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\nstruct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u32); __type(value, __u64); } shared SEC(\".maps\");", new());
        Assert.Equal(["shared"], probe.Maps.Keys);
        Assert.Empty(probe.Programs);
    }

    [LiveTheory]
    [InlineData(".hidden.bpf.o", "hidden")]
    [InlineData("..o", "o")]
    [InlineData("...", "object")]
    [InlineData("plain.bpf.o", "plain")]
    public void A_probe_has_a_name(string file, string name) => Assert.Equal(name, ObjectBuilder.NameOf($"/tmp/{file}"));

    [LiveFact]
    public void What_the_kernel_counts_can_be_sampled()
    {
        string source = Head + "__u64 faults; SEC(\"perf_event\") int on(void *context) { return count(&faults); }";
        using EbpfProbe probe = Start(source, new() { PerfEvent = "page-faults", Frequency = 10_000, ProcessId = Environment.ProcessId });
        Assert.Equal([$"perf_event page-faults at 10000 Hz in process {Environment.ProcessId}"], probe.Hook);
        Assert.Equal(EbpfError.InvalidArgument, Assert.Throws<EbpfException>(() => Start(source, new() { PerfEvent = "page-fault" })).Error);
    }

    [LiveFact]
    public void Maps_of_stacks_and_of_perf_events_get_sizes()
    {
        using EbpfProbe probe = Start("""
            #include <linux/bpf.h>
            #include <bpf/bpf_helpers.h>
            char LICENSE[] SEC("license") = "GPL";
            struct event { long a, b; };
            struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(key_size, 4); } stacks SEC(".maps");
            struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __type(key, int); __type(value, struct event); } events SEC(".maps");
            SEC("raw_tp/sched_process_exit") int on(void *context) { struct event e = {}; bpf_perf_event_output(context, &events, -1, &e, sizeof(e)); return bpf_get_stackid(context, &stacks, 0); }
            """, new());
        Assert.Equal((127u * 8, 1024u), (probe.Maps["stacks"].ValueSize, probe.Maps["stacks"].MaxEntries));
        Assert.Equal((4u, 4u), (probe.Maps["events"].KeySize, probe.Maps["events"].ValueSize));
    }

    [LiveTheory]
    [InlineData("true", true)]
    [InlineData("chmod 777 /sys/fs/bpf", false)]
    [InlineData("chown 4242 /sys/fs/bpf", false)]
    [InlineData("bpftool map create /sys/fs/bpf/ebee_test_shared type array key 4 value 8 entries 1 name theirs; chown 4242 /sys/fs/bpf/ebee_test_shared", false)]
    public void A_map_that_is_pinned_by_its_name_is_shared_where_nobody_else_can_change_it(string attack, bool isShared) => PrivateMounts.Run(() =>
    {
        Sys.Mount("bpf", "/sys/fs/bpf", "bpf");
        FileTrustTests.Shell(attack);
        const string Source = "struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); __uint(pinning, LIBBPF_PIN_BY_NAME); } ebee_test_shared SEC(\".maps\");\n" +
            "SEC(\"raw_tp/sched_process_exit\") int on(void *context) { __u32 key = 0; return bpf_map_lookup_elem(&ebee_test_shared, &key) != 0; }";
        using EbpfProbe one = Start(Head + Source, new()), two = Start(Head + Source, new());
        Assert.Equal(isShared, one.Maps["ebee_test_shared"].Id == two.Maps["ebee_test_shared"].Id);
        Assert.Equal(isShared || attack.StartsWith("bpftool", StringComparison.Ordinal), File.Exists("/sys/fs/bpf/ebee_test_shared"));
        Assert.All([one, two], probe => Assert.Equal(isShared ? 0 : 1, probe.Warnings.Count(warning => warning.Contains("ebee_test_shared", StringComparison.Ordinal))));
        if (isShared)
        {
            EbpfException e = Assert.Throws<EbpfException>(() => Start(Head + Source.Replace("max_entries, 1", "max_entries, 2", StringComparison.Ordinal), new()));
            Assert.Contains("/sys/fs/bpf/ebee_test_shared", e.Message, StringComparison.Ordinal);
        }
    });

    private static EbpfProbe Start(string source, ProbeOptions options)
    {
        byte[] elf = BpfCause.Compile(source);
        return ProbeStart.Run(ObjectBuilder.FromBytes("planned", elf), new ProbeOptions
        {
            ProgramName = options.ProgramName,
            ExcludeProgram = options.ExcludeProgram,
            SkipMissing = options.SkipMissing,
            Tracepoint = options.Tracepoint,
            PerfEvent = options.PerfEvent,
            Frequency = options.Frequency,
            ProcessId = options.ProcessId,
            Global = source.Contains("__u32 target;", StringComparison.Ordinal) && source.Contains("count(&", StringComparison.Ordinal)
                ? new Dictionary<string, object?> { ["target"] = Environment.ProcessId } : new Dictionary<string, object?>(),
        });
    }

    // How often a program counted, after more than 100 system calls of this process, and when it is detached.
    private static ulong Count(EbpfProbe probe, string variable)
    {
        for (int i = 0; i < 200; i++)
        {
            _ = Sys.gettid();
        }
        probe.Loaded!.Detach();
        using MapAccess access = new(probe.Maps[".bss"]);
        object value = access.All().Single().Value!;
        return (ulong)value.GetType().GetProperty(variable)!.GetValue(value)!;
    }
}
