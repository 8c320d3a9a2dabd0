using Ebee.Programs;

namespace Ebee.Tests.Fuzz;

/// <summary>What the verifier, libbpf and clang print, parts of which are the program's own text.</summary>
internal static class LogTargets
{
    private static readonly string[] LoadLogs =
    [
        "libbpf: prog 'on_exec': BPF program load failed: Permission denied\nlibbpf: prog 'on_exec': -- BEGIN PROG LOAD LOG --\n; int x = *p; @ probe.c:12\n7: (79) r0 = *(u64 *)(r0 +0) ; R0_w=scalar()\nR0 invalid mem access 'scalar'\n" +
            "processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n-- END PROG LOAD LOG --\nlibbpf: prog 'on_exec': failed to load: -13\n",
        "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n0: R1=ctx() R10=fp0\n; while (1) {} @ loop.c:3\n3: (05) goto pc-1\nback-edge from insn 13 to 4\n-- END PROG LOAD LOG --\n",
        "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n5: <invalid CO-RE relocation>\nfailed to resolve CO-RE relocation <byte_off> [24] struct task_struct.nothere (0:1 @ offset 8)\n-- END PROG LOAD LOG --\n",
        "libbpf: map 'ring': failed to create: Invalid argument(-22)\n", "libbpf: prog 'x': missing BPF prog type, check ELF section name 'nothing'\n",
        "libbpf: extern (func ksym) 'bpf_nothing': not found in kernel or module BTFs\n", "libbpf: failed to find valid kernel BTF\n", "",
        "libbpf: extern (kcfg) 'CONFIG_HZ': strong extern not resolved\n", "libbpf: failed to find kernel BTF type ID of 'do_nothing': -3\n",
    ];

    private static readonly string[] Statistics =
    [
        "libbpf: prog 'on_exec': -- BEGIN PROG LOAD LOG --\nverification time 88 usec\nstack depth 16+0+8\nprocessed 42 insns (limit 1000000) max_states_per_insn 1 total_states 4 peak_states 4 mark_read 2\n-- END PROG LOAD LOG --\n",
    ];

    private static readonly string[] Messages =
    [
        "probe.c:7:5: error: use of undeclared identifier 'x' [-Wsomething]\n    x = 1;\n    ^\n1 error generated.\n",
        "probe.c:3:10: fatal error: 'bpf/bpf_helpers.h' file not found\n#include <bpf/bpf_helpers.h>\n         ^~~~\n",
        "<stdin>:12:2: error: expected '}'\n}\n ^\nprobe.c:4:1: note: to match this '{'\n{\n^\n", "Error at line 9: Unsupport signed division for DAG: 0x1\nPlease convert to unsigned div/mod.\n",
        "error: <unknown>:0:0: in function f i32 (ptr): stack arguments are not supported\n", "clang-14: error: unable to create target: 'No available targets are compatible'\n", "",
    ];

    private static readonly string[] Sources =
    [
        "# 1 \"probe.c\"\n# 1 \"<built-in>\" 1\n# 1 \"/usr/include/linux/bpf.h\" 1 3\nstruct system { int x; };\n# 2 \"probe.c\" 2\nstruct event { int pid; char comm[16]; };\ntypedef struct { int a; } event_t;\n" +
            "enum kind { A = 1, B };\nchar LICENSE[] __attribute__((section(\"license\"), used)) = \"GPL\";\n__attribute__((section(\"xdp\"), used)) int on_packet(void *ctx) { if (ctx) { return '\\'' + \"}\\\"\"[0]; } return 0; }\nint numbers[] = { 1, 2 };\n",
    ];

    private static readonly string[] Codes =
    [
        "source_filename = \"probe.c\"\n@x = dso_local global i32 0, align 4\n\ndefine dso_local i32 @on_exec(ptr noundef %0) #0 !dbg !12 {\n  %2 = call i32 @helper(i32 1)\n  ret i32 %2\n}\n\ndefine dso_local i32 @helper(i32 %0) {\n  ret i32 %0\n}\n\ndefine internal i32 @\"odd name\"() {\n  ret i32 0\n}\n@llvm.used = appending global [1 x ptr] [ptr @on_exec]\n",
    ];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.Text("load logs", LoadLogs, ReadLoadLog),
        FuzzTarget.Text("verifier statistics", Statistics, log => _ = VerifierStatistics.Parse(log).Count),
        FuzzTarget.Text("clang's messages", Messages, messages => Check(CompilerErrors.From("probe.c", messages))),
        FuzzTarget.Text("preprocessed source", Sources, text => _ = new PreprocessedSource(text).Types.Count),
        FuzzTarget.Text("intermediate code", Codes, code => Assert.True(IntermediateCode.PlacePrograms(code, "xdp", out int count).Length >= code.Length && count >= 0)),
    ];

    private static void ReadLoadLog(string log)
    {
        Check(LoadErrors.From("object", 22, log, default));
        Check(KernelErrors.Load("object", 13, log));
        Check(KernelErrors.Attach("program", 22, log, "target"));
        _ = VerifierLog.IsCut(log);
        if (VerifierLog.Parse(log) is { } verifier)
        {
            Assert.NotEmpty(verifier.Verdict);
            _ = VerifierHints.Find(verifier.Verdict);
        }
    }

    private static void Check(EbpfException e)
    {
        Assert.NotEmpty(e.Message);
        Assert.NotEmpty(e.RecommendedAction);
        Assert.True(e.LineNumber is null or > 0);
    }
}
