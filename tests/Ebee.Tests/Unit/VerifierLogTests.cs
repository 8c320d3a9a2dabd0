using Ebee.Programs;

namespace Ebee.Tests.Unit;

/// <summary>What verifiers of other kernels, and libbpf, say.</summary>
public sealed class VerifierLogTests
{
    // Each as its kernel prints it, from the last instruction on.
    [Theory]
    [InlineData("R1 invalid mem access 'inv'", "number is used as a pointer")] // 5.10
    [InlineData("R0 invalid mem access 'map_value_or_null'", "can be NULL")]
    [InlineData("R1 type=ringbuf_mem_or_null expected=fp, pkt, pkt_meta, map_key, map_value", "can be NULL")]
    [InlineData("Possibly NULL pointer passed to trusted arg0", "can be NULL")] // 6.1
    [InlineData("back-edge from insn 13 to 4", "no end of the loop")] // 5.2, and without privileges
    [InlineData("infinite loop detected at insn 12\ncur state: R0=1 R10=fp0\nold state: R0=1 R10=fp0", "no end of the loop")]
    [InlineData("BPF program is too large. Processed 1000001 insn", "gave up")]
    [InlineData("The sequence of 8193 jumps is too complex.", "gave up")]
    [InlineData("invalid func unknown#195896080", "does not have the helper")]
    [InlineData("unknown func bpf_probe_read_user#112", "does not have the helper")] // 6.1
    [InlineData("program of this type cannot use helper bpf_probe_write_user#36", "does not have the helper")] // 6.10
    [InlineData("cannot call GPL-restricted function from non-GPL compatible program", "GPL-compatible licence")]
    [InlineData("R2 unbounded memory access, use 'var &= const' or 'if (var < const)'", "stays within")]
    [InlineData("R1 min value is negative, either use unsigned index or do a if (index >=0) check.", "stays within")]
    [InlineData("R2 min value is negative, either use unsigned or 'var &= const'", "stays within")]
    [InlineData("invalid access to map value, value_size=64 off=64 size=1\nR0 max value is outside of the allowed memory range", "leave the map's value")]
    [InlineData("invalid access to packet, off=14 size=1, R2(id=0,off=14,r=14)\nR2 offset is outside of the packet", "A packet can be shorter")]
    [InlineData("math between pkt pointer and register with unbounded min value is not allowed", "A packet can be shorter")]
    [InlineData("invalid bpf_context access off=88 size=4", "no such field")]
    [InlineData("dereference of modified ctx ptr R1 off=8 disallowed", "no such field")]
    [InlineData("invalid stack type R2 off=-520 access_size=8", "512 bytes")] // 5.4
    [InlineData("invalid indirect read from stack R2 off -16+4 size 16", "512 bytes")]
    [InlineData("combined stack size of 2 calls is 576. Too large", "512 bytes")]
    [InlineData("invalid write to stack R10 off=-520 size=8", "512 bytes")]
    [InlineData("Unreleased reference id=2 alloc_insn=8", "not given back")]
    [InlineData("R0 !read_ok", "no path has set")]
    [InlineData("misaligned packet access off 0+(0x0; 0x0)+14+3 size 4", "not aligned")]
    [InlineData("misaligned stack access off (0x0; 0x0)+-7+0 size 4", "not aligned")]
    [InlineData("unreachable insn 4", "nothing leads to")]
    [InlineData("last insn is not an exit or jmp", "nothing leads to")]
    [InlineData("helper call is not allowed in probe", "not possible here")]
    [InlineData("global function calls are not allowed while holding a lock", "not possible here")]
    [InlineData("5: <invalid CO-RE relocation>\nfailed to resolve CO-RE relocation <byte_off> [24] struct task_struct.nothere (0:1 @ offset 8)", "no such type or field")]
    [InlineData("calling kernel function bpf_task_acquire is not allowed", "does not have the function")]
    [InlineData("At program exit the register R0 has value (0x2; 0x0) should have been in (0x0; 0x1)", "may give")]
    [InlineData("R1 type=inv expected=map_ptr", "not of the kind")]
    [InlineData("R0 pointer arithmetic with <<= operator prohibited", "calculates with a pointer")]
    public void A_well_known_complaint_is_explained(string complaint, string cause)
    {
        string first = complaint.Split('\n')[0];
        VerifierLog log = VerifierLog.Parse(Log($"; x = y; @ probe.c:12\n7: (79) r0 = *(u64 *)(r0 +0)\n{complaint}"))!;
        Assert.Equal("on_exec", log.Program);
        Assert.Contains(first.Contains("CO-RE", StringComparison.Ordinal) ? "failed to resolve CO-RE relocation" : first, log.Verdict, StringComparison.Ordinal);
        Assert.DoesNotContain("state:", log.Verdict, StringComparison.Ordinal);
        Assert.Equal(("probe.c", 12, "x = y;"), (log.Source!.File, log.Source.Number, log.Source.Text));
        (string Cause, string Action)? hint = VerifierHints.Find(log.Verdict);
        Assert.Contains(cause, hint!.Value.Cause, StringComparison.Ordinal);
        Assert.NotEmpty(hint.Value.Action);
    }

    [Fact]
    public void An_unknown_complaint_is_shown_as_it_is()
    {
        VerifierLog log = VerifierLog.Parse(Log("0: R1=ctx(off=0,imm=0) R10=fp0\n0: (95) exit\nsomething new happened"))!;
        Assert.Equal(("something new happened", "0: (95) exit", 0, null), (log.Verdict, log.Instruction, log.Index, log.Source));
        Assert.Null(VerifierHints.Find(log.Verdict));
    }

    [Fact]
    public void What_comes_before_the_first_instruction_has_its_number()
    {
        VerifierLog log = VerifierLog.Parse(Log("back-edge from insn 13 to 4"))!;
        Assert.Equal(("back-edge from insn 13 to 4", null, 13), (log.Verdict, log.Instruction, log.Index));
    }

    // Lines of the source are the program's own.
    [Theory]
    [InlineData("; x = y; @ probe.c:99999999999\n7: (95) exit\nwrong")]
    [InlineData("; x = y; @ probe.c:\u0663\n7: (95) exit\nwrong")]
    [InlineData("7: (95) exit\nwrong from insn 99999999999")]
    [InlineData("99999999999: (95) exit\nwrong")]
    public void A_number_that_is_none_is_no_place(string said)
    {
        VerifierLog log = VerifierLog.Parse(Log(said))!;
        Assert.Contains("wrong", log.Verdict, StringComparison.Ordinal);
        Assert.True(log.Index is null or 7);
        Assert.True(log.Source is null or { File: "", Number: 0 });
    }

    [Theory]
    [InlineData("stack depth 99999999999\n; processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\nprocessed 2 insns (limit 1000000)", 1)]
    [InlineData("", 1)]
    [InlineData("", 99999999999)]
    public void Statistics_are_what_the_verifier_counted(string before, long states)
    {
        string log = $"prog 'one': -- BEGIN PROG LOAD LOG --\n{before}\nprocessed 2 insns (limit 1000000) max_states_per_insn {states} total_states 0 peak_states 0 mark_read 0\n-- END PROG LOAD LOG --\n";
        Assert.Equal(states == 1 ? ["2 of 1"] : Array.Empty<string>(), VerifierStatistics.Parse(log).Select(s => $"{s.Instructions} of {s.MaxStatesPerInstruction}"));
    }

    // 5.10 shows the registers before an instruction, on a line of their own, and branches as "from 6 to 8".
    [Fact]
    public void Registers_and_branches_are_left_out()
    {
        VerifierLog log = VerifierLog.Parse(Log("""
            Unrecognized arg#0 type PTR
            ; return *value;
            6: (15) if r0 == 0x0 goto pc+1
             R0_w=map_value(id=0,off=0,ks=4,vs=8,imm=0) R10=fp0 fp-8=mmmm????
            7: (79) r0 = *(u64 *)(r0 +8)
             R0_w=map_value(id=0,off=0,ks=4,vs=8,imm=0) R10=fp0 fp-8=mmmm????
            invalid access to map value, value_size=8 off=8 size=8
            R0 min value is outside of the allowed memory range
            """))!;
        Assert.Equal("invalid access to map value, value_size=8 off=8 size=8; R0 min value is outside of the allowed memory range", log.Verdict);
        Assert.Equal(("7: (79) r0 = *(u64 *)(r0 +8)", 7, "return *value;"), (log.Instruction, log.Index, log.Source!.Text));
    }

    [Theory]
    [InlineData("libbpf: prog 'f': failed to find kernel BTF type ID of 'vfs_raed': -3", 3, EbpfError.FunctionNotFound, "'vfs_raed'")]
    [InlineData("libbpf: extern (func ksym) 'bpf_new': not found in kernel or module BTFs", 22, EbpfError.FunctionNotFound, "'bpf_new'")]
    [InlineData("libbpf: extern (var ksym) 'runqueues_new': not found in kernel BTF", 3, EbpfError.FunctionNotFound, "'runqueues_new'")]
    [InlineData("libbpf: Error in bpf_create_map_xattr(events):Invalid argument(-22). Retrying without BTF.\nlibbpf: map 'events': failed to create: Invalid argument(-22)", 22, EbpfError.MapFailed, "map events: EINVAL")]
    [InlineData("libbpf: prog 'f': missing BPF prog type, check ELF section name 'xpd'", 22, EbpfError.InvalidObject, "program f ")]
    [InlineData("libbpf: elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+", 95, EbpfError.InvalidObject, "old way")]
    [InlineData("libbpf: Error loading vmlinux BTF: -3\nlibbpf: failed to load object 'f'", 3, EbpfError.NoBtf, "no BTF")]
    [InlineData("libbpf: BTF is required, but is missing or corrupted.", 2, EbpfError.InvalidObject, "no BTF")]
    [InlineData("libbpf: prog 'f': BPF program load failed: Invalid argument\nlibbpf: prog 'f': -- BEGIN PROG LOAD LOG --\nprocessed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n-- END PROG LOAD LOG --\nlibbpf: prog 'f': failed to load: -22", 22, EbpfError.LoadFailed, "program f of probe and did not say why: EINVAL")]
    [InlineData("libbpf: something else", 22, EbpfError.LoadFailed, "EINVAL: libbpf: something else.")]
    [InlineData("", 12, EbpfError.LoadFailed, "refused to load probe: ENOMEM.")]
    public void What_libbpf_says_is_named(string log, int errno, EbpfError error, string part)
    {
        EbpfException e = LoadErrors.From("probe", errno, log, default);
        Assert.Equal((error, log), (e.Error, e.Details));
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(e.RecommendedAction);
    }

    [Fact]
    public void Statistics_are_read_for_each_program()
    {
        string log = """
            libbpf: prog 'one': -- BEGIN PROG LOAD LOG --
            verification time 112 usec
            stack depth 16+0+64
            processed 25 insns (limit 1000000) max_states_per_insn 1 total_states 3 peak_states 2 mark_read 4
            -- END PROG LOAD LOG --
            libbpf: prog 'two': -- BEGIN PROG LOAD LOG --
            processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
            -- END PROG LOAD LOG --

            """;
        List<VerifierStatistics> all = VerifierStatistics.Parse(log);
        Assert.Equal(["one", "two"], all.Select(s => s.ProgramName));
        VerifierStatistics one = all[0];
        Assert.Equal((25u, 1_000_000u, 1u, 3u, 2u, 4u, 112L), (one.Instructions, one.InstructionLimit, one.MaxStatesPerInstruction,
            one.TotalStates, one.PeakStates, one.LongestMarkRead, one.VerificationTimeUs));
        Assert.Equal([16, 0, 64], one.StackDepth);
        Assert.Empty(all[1].StackDepth);
    }

    private static string Log(string said) => $"""
        libbpf: prog 'on_exec': BPF program load failed: Permission denied
        libbpf: prog 'on_exec': -- BEGIN PROG LOAD LOG --
        {said}
        processed 12 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 1
        -- END PROG LOAD LOG --
        libbpf: prog 'on_exec': failed to load: -13
        libbpf: failed to load object 'probe'

        """;
}
