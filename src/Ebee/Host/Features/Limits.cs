using Ebee.Native;

namespace Ebee.Host.Features;

/// <summary>What the verifier and the instruction set allow, by loading a program that needs it.</summary>
internal static class Limits
{
    private const uint SocketFilter = 1, SchedClassifier = 3; // enum bpf_prog_type
    private const int SmallProgram = 4096; // BPF_MAXINSNS
    private const int MaxVerified = 1_000_000; // BPF_COMPLEXITY_LIMIT_INSNS
    private const byte MoveConstant = 0xb7, SubtractConstant = 0x17, JumpNotEqual = 0x55, JumpLess = 0xa5, Jump32Less = 0xa6, Jump32Equal = 0x16,
        LongJump = 0x06, Exit = 0x95;

    /// <summary>The questions.</summary>
    public static IEnumerable<FeatureQuestion> Questions() =>
    [
        Question("large_insn_limit", "5.2", "programs of more than 4096 instructions", IsLargeAllowed),
        new(EbpfFeatureCategory.Limit, "max_instructions", MaxInstructions),
        Question("bounded_loops", "5.3", "loops whose end the verifier sees", (out int errno) => Loads(SocketFilter,
        [
            Instruction(MoveConstant, constant: 10), Instruction(SubtractConstant, constant: 1),
            Instruction(JumpNotEqual, offset: -2), Instruction(Exit),
        ], out errno)),
        Question("v2_isa_extension", "4.14", "the instruction set of clang -mcpu=v2: jumps if less", (out int errno) => Loads(SocketFilter,
            [Instruction(MoveConstant), Instruction(JumpLess, offset: 1), Instruction(MoveConstant, constant: 1), Instruction(Exit)], out errno)),
        Question("v3_isa_extension", "5.1", "the instruction set of clang -mcpu=v3: jumps that compare 32 bits", (out int errno) => Loads(SocketFilter,
            [Instruction(MoveConstant), Instruction(Jump32Less, offset: 1), Instruction(MoveConstant, constant: 1), Instruction(Exit)], out errno)),
        Question("v4_isa_extension", "6.6", "the instruction set of clang -mcpu=v4: long jumps, signed loads and divisions", (out int errno) => Loads(SocketFilter,
        [
            Instruction(MoveConstant), Instruction(Jump32Equal, offset: 1, constant: 1), Instruction(LongJump, constant: 1),
            Instruction(MoveConstant, constant: 1), Instruction(Exit),
        ], out errno)),
    ];

    private delegate bool Trial(out int errno);

    private static FeatureQuestion Question(string name, string minimumKernel, string what, Trial trial) => new(EbpfFeatureCategory.Limit, name, () =>
    {
        using LibBpfLog quiet = new();
        bool isSupported = trial(out int errno);
        return new EbpfFeature(EbpfFeatureCategory.Limit, name)
        {
            IsSupported = isSupported,
            MinimumKernel = minimumKernel,
            Detail = isSupported ? what : $"{what}; {Errno.Name(errno)}",
        };
    });

    // Another error than that it is too big says that this size is no reason.
    private static bool IsLargeAllowed(out int errno)
    {
        ulong[] program = [.. Enumerable.Repeat(Instruction(MoveConstant, constant: 1), SmallProgram), Instruction(Exit)];
        return Loads(SchedClassifier, program, out errno) || errno != Errno.E2big;
    }

    private static EbpfFeature MaxInstructions()
    {
        using LibBpfLog quiet = new();
        bool isLarge = IsLargeAllowed(out _);
        return new EbpfFeature(EbpfFeatureCategory.Limit, "max_instructions")
        {
            Value = $"{(isLarge ? MaxVerified : SmallProgram)}",
            Detail = isLarge ? "instructions that the verifier looks at, all ways through a program together" : "instructions of a program",
        };
    }

    private static bool Loads(uint type, ulong[] program, out int errno) => new TrialProgram(type).Loads(program, out errno, out _);

    private static ulong Instruction(byte code, short offset = 0, int constant = 0) => TrialProgram.Instruction(code, offset: offset, constant: constant);
}
