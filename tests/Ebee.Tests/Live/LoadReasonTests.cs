using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Why an object is not taken, as its error says it.</summary>
[Trait("Category", "Live")]
public sealed class LoadReasonTests
{
    private const string Head = "#include <linux/bpf.h>\n#include <linux/ptrace.h>\n#include <bpf/bpf_helpers.h>\nchar LICENSE[] SEC(\"license\") = \"GPL\";\n";

    [LiveTheory]
    [InlineData("extern const void ebee_no_such __ksym; __u64 at; SEC(\"raw_tp/sys_enter\") int f(void *context) { at = (__u64)&ebee_no_such; return 0; }",
        EbpfError.FunctionNotFound, "ebee_no_such", "modprobe")]
    [InlineData("SEC(\"freplace/classify\") int other(struct __sk_buff *packet) { return 0; }", EbpfError.NotSupported, "other is an freplace program", "-ExcludeProgram other")]
    [InlineData("struct { __uint(type, 33); __uint(map_flags, 1 << 10); __uint(max_entries, 1); enum { at = 1ull << 44 } map_extra; } heap SEC(\".maps\"); SEC(\"syscall\") int f(void *context) { return 0; }",
        EbpfError.NotSupported, "has an arena", "newer libbpf")]
    [InlineData("SEC(\"nonsense\") int f(void *context) { return 0; }", EbpfError.InvalidObject, "names no hook", "kprobe")]
    public void The_error_names_it(string source, EbpfError error, string named, string advised)
    {
        SkipException.If(error == EbpfError.NotSupported && named.Contains("arena", StringComparison.Ordinal) && LibBpfVersion.Minor >= 5, "this libbpf has arenas");
        EbpfException e = Assert.Throws<EbpfException>(() => Verify(BpfCause.Compile(Head + source)));
        Assert.Equal(error, e.Error);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.Contains(advised, e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("netfilter")]
    [InlineData("netkit/primary")]
    [InlineData("kprobe.session/do_unlinkat")]
    [InlineData("lirc_mode2")]
    public void Sections_that_Ebee_attaches_nothing_to_are_loaded_or_the_kernel_is_said_not_to_support_them(string section)
    {
        try
        {
            Assert.Equal(["f"], Verify(BpfCause.Compile($"{Head}SEC(\"{section}\") int f(void *context) {{ return 0; }}")).Select(program => program.ProgramName));
        }
        catch (EbpfException e)
        {
            Assert.Contains($"f ({section}): this kernel does not support", e.Message, StringComparison.Ordinal);
        }
    }

    [LiveFact]
    public void A_stripped_object_is_said_to_be_one()
    {
        string path = Path.Combine(TestFolder.New("stripped"), "f.o");
        File.WriteAllBytes(path, BpfCause.Compile(Head + "SEC(\"raw_tp/sys_enter\") int f(void *context) { return 0; }"));
        FileTrustTests.Shell($"$(command -v llvm-strip || ls /usr/bin/llvm-strip-* | tail -1) {path}");
        Assert.Contains("stripped", Assert.Throws<EbpfException>(() => Verify(File.ReadAllBytes(path))).RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void What_asks_for_ids_and_pointers_is_given_the_kernel_s_own_types()
    {
        byte[] elf = BpfCause.Compile(Head + """
            #include <bpf/bpf_core_read.h>
            struct list_head___mine { struct list_head *next, *prev; } __attribute__((preserve_access_index));
            int id;
            SEC("raw_tp/sys_enter") int f(void *context) { id = bpf_core_type_id_kernel(struct list_head___mine); return 0; }
            """);
        Assert.Null(Btf.KernelBtf.Subset(elf)); // which has other numbers
        Assert.Null(Btf.KernelBtf.Subset(BpfCause.Compile(Head + """
            #include <bpf/bpf_core_read.h>
            struct task_struct; typedef void (*btf_trace_sched_process_exit___mine)(void *, struct task_struct *, int, int);
            int exists;
            SEC("raw_tp/sys_enter") int f(void *context) { exists = bpf_core_type_exists(btf_trace_sched_process_exit___mine); return 0; }
            """))); // which has void behind its pointers
        Assert.NotNull(Btf.KernelBtf.Subset(BpfCause.Compile(Head + """
            #include <bpf/bpf_core_read.h>
            struct list_head { struct list_head *next, *prev; } __attribute__((preserve_access_index));
            int exists;
            SEC("raw_tp/sys_enter") int f(void *context) { exists = bpf_core_type_exists(struct list_head) + bpf_core_field_size(struct list_head, next); return 0; }
            """)));
    }

    [LiveTheory]
    [InlineData("libc.so.6", "ebee_no_such_function")]
    [InlineData("libc.so.6", "ebee_no_such*")]
    public void A_function_that_is_not_there_is_no_sign_of_stripping(string binary, string function)
    {
        EbpfException e = Host.ElfSymbols.NotFound(Host.Binaries.Find(binary), function);
        Assert.Contains(function, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("stripped", e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_binary_without_static_probes_is_named()
    {
        EbpfException e = Assert.Throws<EbpfException>(() => EbpfProbe.Start(BpfCause.Object("usdt"), new() { BinaryPath = "/usr/bin/env", Symbol = "ebee:none" }).Stop());
        SkipException.If(e.Error == EbpfError.NotSupported, e.Message);
        Assert.Equal(EbpfError.SymbolNotFound, e.Error);
        Assert.Contains("/usr/bin/env", e.Message, StringComparison.Ordinal);
        Assert.Contains("readelf", e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_relative_path_begins_in_the_folder_that_is_given()
    {
        Assert.Equal("/usr/bin/env", Host.Binaries.Find("./env", "/usr/bin"));
        Assert.Equal(EbpfError.SymbolNotFound, Assert.Throws<EbpfException>(() => Host.Binaries.Find("./env", "/usr")).Error);
    }

    private static List<VerifierStatistics> Verify(byte[] elf)
    {
        using ObjectBuilder builder = ObjectBuilder.FromBytes("reasons", elf);
        return ProbeStart.Verify(builder, new());
    }
}
