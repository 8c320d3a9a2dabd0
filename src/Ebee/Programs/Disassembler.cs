using System.Buffers.Binary;
using System.Globalization;

namespace Ebee.Programs;

/// <summary>
/// Writes eBPF instructions (RFC 9669) as the kernel's verifier and bpftool do. What bpftool does not know yet is written as newer
/// ones write it.
/// </summary>
/// <param name="symbols">The kernel's names.</param>
/// <param name="helperName">The name of a helper by its number (enum bpf_func_id), without bpf_; null when there is none.</param>
/// <param name="functions">Where the program's functions are in the kernel's memory; empty when it is interpreted.</param>
internal sealed class Disassembler(SymbolTable symbols, Func<uint, string?> helperName, ulong[] functions)
{
    /// <summary>Bytes of an instruction; one with a 64-bit constant has two of them.</summary>
    public const int Size = 8;

    private const int MapDescriptor = 1, MapValue = 2, MapIndexValue = 6, FunctionAddress = 4, LocalCall = 1;
    private const int HelpersMax = 1000; // they are no longer made: some 210
    private const byte WideConstant = 0x18; // BPF_LD | BPF_IMM | BPF_DW

    private static readonly string[] Arithmetic = ["+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "endian", "", ""];
    private static readonly string[] Conditions = ["jmp", "==", ">", ">=", "&", "!=", "s>", "s>=", "call", "exit", "<", "<=", "s<", "s<=", "may_goto", ""];
    private static readonly string[] Sizes = ["u32", "u16", "u8", "u64"];
    private static readonly string[] SignedSizes = ["s32", "s16", "s8", "s64"];

    /// <summary>Whether an instruction is followed by the upper half of its constant.</summary>
    public static bool IsWide(ReadOnlySpan<byte> code) => code[0] == WideConstant;

    /// <summary>Writes the instruction that the code begins with.</summary>
    public string Write(ReadOnlySpan<byte> code)
    {
        Instruction i = new(code);
        string text = i.Class switch
        {
            4 or 7 => WriteArithmetic(i),
            5 or 6 => WriteJump(i),
            3 => WriteStore(i),
            2 => i.Mode switch
            {
                0x60 => $"*({Sizes[i.Width]} *)({Place(i.Destination, i.Offset)}) = {i.Constant}",
                0xc0 => "nospec",
                _ => Unknown("st", i),
            },
            1 => i.Mode switch
            {
                0x60 => $"r{i.Destination} = *({Sizes[i.Width]} *)({Place(i.Source, i.Offset)})",
                0x80 => $"r{i.Destination} = *({SignedSizes[i.Width]} *)({Place(i.Source, i.Offset)})",
                _ => Unknown("ldx", i),
            },
            _ => WriteLoad(i, code),
        };
        return text.StartsWith("BUG_", StringComparison.Ordinal) ? text : $"({i.Code:x2}) {text}";
    }

    private static string WriteArithmetic(in Instruction i)
    {
        char register = i.Class == 4 ? 'w' : 'r';
        string to = $"{register}{i.Destination}", from = $"{register}{i.Source}";
        switch (i.Operation)
        {
            case 13 when i.Class == 7:
                return $"r{i.Destination} = bswap{i.Constant} r{i.Destination}";
            case 13:
                return $"r{i.Destination} = {(i.IsRegister ? "be" : "le")}{i.Constant} r{i.Destination}";
            case 8:
                return $"{to} = -{to}";
            case 11 when i.IsRegister && i.Offset == 1:
                return $"{to} = addr_space_cast({from}, {i.Constant >> 16}, {i.Constant & 0xffff})";
            case 11 when i.IsRegister && i.Offset is 8 or 16 or 32:
                return $"{to} = (s{i.Offset}){from}";
        }
        // Division and remainder are signed with an offset of 1.
        string operation = (i.Operation is 3 or 9 && i.Offset == 1 ? "s" : "") + Arithmetic[i.Operation];
        return $"{to} {operation} {(i.IsRegister ? from : i.Constant.ToString(CultureInfo.InvariantCulture))}";
    }

    private string WriteJump(in Instruction i)
    {
        char register = i.Class == 6 ? 'w' : 'r';
        return (i.Operation, i.Class) switch
        {
            (8, _) when i.Source == LocalCall => $"call pc{LocalName(i)}",
            (8, _) => $"call {HelperName(i)}#{i.Constant}",
            (9, 5) => "exit",
            (0, 5) => $"goto pc{i.Offset:+0;-0;+0}",
            (0, 6) => $"gotol pc{i.Constant:+0;-0;+0}",
            (14, 5) when i.Source == 0 => $"may_goto pc{i.Offset:+0;-0;+0}",
            (14, 5) => $"or_nop_goto pc{i.Offset:+0;-0;+0}",
            _ => $"if {register}{i.Destination} {Conditions[i.Operation]} {(i.IsRegister ? $"{register}{i.Source}" : $"0x{i.Constant:x}")} goto pc{i.Offset:+0;-0;+0}",
        };
    }

    private static string WriteStore(in Instruction i)
    {
        string place = $"*({Sizes[i.Width]} *)({Place(i.Destination, i.Offset)})", address = $"({Sizes[i.Width]} *)({Place(i.Destination, i.Offset)})";
        if (i.Mode == 0x60)
        {
            return $"{place} = r{i.Source}";
        }
        if (i.Mode != 0xc0)
        {
            return Unknown("", i);
        }
        const int Fetch = 1;
        string width = i.Width == 3 ? "64" : "";
        string? name = (i.Constant & ~Fetch) switch { 0 => "add", 0x40 => "or", 0x50 => "and", 0xa0 => "xor", _ => null };
        return i.Constant switch
        {
            0xf1 => $"r0 = atomic{width}_cmpxchg({address}, r0, r{i.Source})",
            0xe1 => $"r{i.Source} = atomic{width}_xchg({address}, r{i.Source})",
            0x100 => $"r{i.Destination} = load_acquire(({Sizes[i.Width]} *)({Place(i.Source, i.Offset)}))",
            0x110 => $"store_release({address}, r{i.Source})",
            _ when name is null => Unknown("", i),
            _ when (i.Constant & Fetch) != 0 => $"r{i.Source} = atomic{width}_fetch_{name}({address}, r{i.Source})",
            _ => $"lock {place} {Arithmetic[i.Constant >> 4]} r{i.Source}",
        };
    }

    private static string WriteLoad(in Instruction i, ReadOnlySpan<byte> code)
    {
        switch (i.Mode)
        {
            case 0x20:
                return $"r0 = *({Sizes[i.Width]} *)skb[{i.Constant}]";
            case 0x40:
                return $"r0 = *({Sizes[i.Width]} *)skb[r{i.Source} + {i.Constant}]";
            case 0 when i.Code == WideConstant && code.Length >= 2 * Size:
                uint upper = BinaryPrimitives.ReadUInt32LittleEndian(code[(Size + 4)..]);
                return $"r{i.Destination} = " + i.Source switch
                {
                    MapDescriptor => $"map[id:{(uint)i.Constant}]",
                    MapValue => $"map[id:{(uint)i.Constant}][0]+{upper}",
                    MapIndexValue => $"map[idx:{(uint)i.Constant}]+{upper}",
                    FunctionAddress => $"subprog[{i.Constant:+0;-0;+0}]",
                    _ => $"0x{(ulong)upper << 32 | (uint)i.Constant:x}",
                };
            default:
                return Unknown("ld", i);
        }
    }

    // The verifier has put the distance into the offset, and the function's number into the constant.
    private string LocalName(in Instruction i)
    {
        ulong address = (uint)i.Constant < functions.Length ? functions[i.Constant] : symbols.CallBase + (ulong)i.Constant;
        return functions.Length == 0 ? $"{i.Offset:+0;-0;+0}"
            : symbols.Find(address) is { } name ? $"{i.Offset:+0;-0;+0}#{name}"
            : $"{i.Offset:+0;-0;+0}#0x{address:x}";
    }

    // A helper's number has become its distance from one place in the kernel, but for what the kernel does in place: a tail call.
    private string HelperName(in Instruction i)
    {
        if (i.Source == 0 && i.Constant is > 0 and < HelpersMax && helperName((uint)i.Constant) is { } helper)
        {
            return "bpf_" + helper;
        }
        ulong address = symbols.CallBase + (ulong)i.Constant;
        return symbols.Find(address) ?? $"0x{address:x}";
    }

    private static string Place(int register, short offset) => $"r{register} {offset:+0;-0;+0}";

    private static string Unknown(string name, in Instruction i) => $"BUG_{(name.Length > 0 ? name + "_" : "")}{i.Code:x2}";

    // struct bpf_insn
    private readonly ref struct Instruction(ReadOnlySpan<byte> code)
    {
        public byte Code { get; } = code[0];
        public int Destination { get; } = code[1] & 0xf;
        public int Source { get; } = code[1] >> 4;
        public short Offset { get; } = BinaryPrimitives.ReadInt16LittleEndian(code[2..]);
        public int Constant { get; } = BinaryPrimitives.ReadInt32LittleEndian(code[4..]);
        public int Class => Code & 7;
        public int Operation => Code >> 4;
        public bool IsRegister => (Code & 8) != 0;
        public int Mode => Code & 0xe0;
        public int Width => Code >> 3 & 3;
    }
}
