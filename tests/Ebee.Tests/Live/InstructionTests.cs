using System.Text.Json;
using Ebee.Host;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Instructions of programs in the kernel: each as bpftool prog dump xlated shows it.</summary>
[Trait("Category", "Live")]
public sealed class InstructionTests
{
    private const string Source = """
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 10); __type(key, u32); __type(value, long); } hash SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u32); } progs SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, long); } array SEC(".maps");
        extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
        extern void bpf_task_release(struct task_struct *p) __ksym;
        const volatile unsigned constant = 5;
        unsigned long global, *where;
        static __noinline int called(int x) { return x * 3 + bpf_get_prandom_u32(); }
        static long step(u32 i, void *ctx) { return i > 3; }
        SEC("raw_tp/sys_enter") int arithmetic(void *ctx)
        {
            u32 key = bpf_get_prandom_u32() & 3;
            long *v = bpf_map_lookup_elem(&hash, &key);
            if (v)
                __sync_fetch_and_add(v, 1);
            v = bpf_map_lookup_elem(&array, &key);
            if (v) {
                *v = __sync_fetch_and_add(v, 3) + __sync_val_compare_and_swap(v, 1, 2) + __sync_lock_test_and_set(v, 5);
                *v += __sync_fetch_and_xor(v, 7) + __sync_fetch_and_or((int *)v, 8) + __sync_fetch_and_and(v, 9);
            }
            global = -global / constant % 77 << constant ^ 0x123456789abcdefULL;
            global |= (long)global >> 3 | __builtin_bswap32((u32)global) | __builtin_bswap64(global) | __builtin_bswap16((u16)global);
            if ((int)global > -7 && global < 1000000 && (s64)global >= constant && (global & 6))
                global -= *(u16 *)&global + *((u8 *)&global + 3);
            bpf_loop(10, step, NULL, 0);
            bpf_tail_call(ctx, &progs, 0);
            return called(key);
        }
        SEC("tp_btf/sched_process_exec") int BPF_PROG(kfuncs, struct task_struct *p)
        {
            struct task_struct *t = bpf_task_acquire(p);
            if (t)
                bpf_task_release(t);
            bpf_printk("%d", p->pid);
            return 0;
        }
        SEC("socket") int packet(struct __sk_buff *skb)
        {
            volatile long local = -3;
            return skb->len + local;
        }
        """;

    [LiveTheory]
    [InlineData(14)]
    [InlineData(16)]
    public void Each_instruction_is_as_bpftool_shows_it(int clang)
    {
        string compiler = $"/usr/bin/clang-{clang}";
        SkipException.If(!File.Exists(compiler), "needs " + compiler);
        SkipException.If(!KernelFunctions.Names().Contains("bpf_task_acquire"), "needs Linux 6.2 (bpf_task_acquire)");
        string file = Path.Combine(TestFolder.New("object"), "o.bpf.o");
        File.WriteAllBytes(file, SourceCompiler.Compile(Source, clang: Clang.At(compiler)));
        string folder = $"/sys/fs/bpf/ebee_insn_{Environment.ProcessId}_{clang}";
        try
        {
            CommandRun run = CommandRun.Run("bpftool", ["prog", "loadall", file, folder]);
            Assert.True(run.ExitCode == 0, run.Errors);
            string[] texts = [.. new[] { "arithmetic", "kfuncs", "packet" }.SelectMany(name => Compare(Id(Path.Combine(folder, name)))).Select(i => i.Text)];
            // The kinds that were meant to be there.
            foreach (string kind in (string[])["map[id:", "][0]+", "call pc+", "#bpf_prog_", "subprog[", "call bpf_task_acquire#", "lock *(u64 *)", "atomic64_fetch_add(", "atomic64_cmpxchg(",
                "atomic64_xchg(", "atomic_fetch_or(", "= 0x123456789abcdef", "= -r", "/=", "<<=", "s>>=", "be64", "goto pc", "exit", "*(u32 *)(r10 -"])
            {
                Assert.Contains(texts, text => text.Contains(kind, StringComparison.Ordinal));
            }
        }
        finally
        {
            CommandRun.Run("rm", ["-rf", folder]);
        }
    }

    [LiveFact]
    public void Those_of_others_programs_too()
    {
        using KnownObjects known = new();
        using HostInventory inventory = new(withHolders: false);
        EbpfProgram[] programs = [.. inventory.Programs().Where(program => program.Name.StartsWith("known_", StringComparison.Ordinal))];
        Assert.True(programs.Length >= 4);
        foreach (EbpfProgram program in programs)
        {
            Assert.NotEmpty(Compare(program.Id));
        }
    }

    private static uint Id(string pin) =>
        JsonDocument.Parse(CommandRun.Run("bpftool", ["-j", "prog", "show", "pinned", pin]).Output).RootElement.GetProperty("id").GetUInt32();

    private static List<EbpfInstruction> Compare(uint id)
    {
        using HostInventory inventory = new(withHolders: false);
        EbpfProgram program = inventory.Program(id)!;
        using ProgramCode reader = new();
        List<EbpfInstruction> instructions = reader.Read(program);
        JsonElement[] Dump(string option) => [.. JsonDocument.Parse(CommandRun.Run("bpftool", ["-j", "prog", "dump", "xlated", "id", $"{id}", option]).Output).RootElement.EnumerateArray()];
        JsonElement[] expected = Dump("opcodes"), lines = Dump("linum");
        Assert.Equal(expected.Length, instructions.Count);
        string? function = null, source = null;
        int? line = null;
        string plain = CommandRun.Run("bpftool", ["prog", "dump", "xlated", "id", $"{id}"]).Output;
        for (int i = 0; i < expected.Length; i++)
        {
            EbpfInstruction instruction = instructions[i];
            Assert.Equal(expected[i].GetProperty("disasm").GetString(), instruction.Text);
            Assert.Contains($"\n{instruction.Index,4}: {instruction.Text}\n", plain, StringComparison.Ordinal);
            JsonElement opcode = expected[i].GetProperty("opcodes");
            string bytes = instruction.Opcode;
            Assert.Equal(opcode.GetProperty("code").GetString(), "0x" + bytes[..2]);
            Assert.Equal(string.Concat(opcode.GetProperty("off").EnumerateArray().Select(b => b.GetString()![2..])), bytes[4..8]);
            Assert.StartsWith(string.Concat(opcode.GetProperty("imm").EnumerateArray().Take(4).Select(b => b.GetString()![2..])), bytes[8..], StringComparison.Ordinal);
            if (expected[i].TryGetProperty("proto", out JsonElement proto))
            {
                function = proto.GetString()!.Split('(')[0].Split(' ', '*')[^1];
            }
            if (expected[i].TryGetProperty("src", out JsonElement src))
            {
                // It leaves out a number that is 0.
                line = lines[i].TryGetProperty("line_num", out JsonElement number) ? number.GetInt32() : null;
                source = line is null ? null : src.GetString()!.Trim();
                Assert.Equal(lines[i].GetProperty("file").GetString(), instruction.SourceFile);
                Assert.Equal(line is null ? null : lines[i].TryGetProperty("line_col", out JsonElement column) ? column.GetInt32() : 0, instruction.ColumnNumber);
            }
            Assert.Equal((function, source, line, program.Id, program.Name), (instruction.Function, instruction.SourceLine, instruction.LineNumber, instruction.ProgramId, instruction.ProgramName));
        }
        return instructions;
    }
}
