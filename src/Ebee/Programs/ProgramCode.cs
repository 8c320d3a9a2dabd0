using System.Runtime.InteropServices;
using Ebee.Bindings;
using Ebee.Btf;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>
/// Reads the instructions of programs in the kernel. Needs CAP_SYS_ADMIN; and CAP_SYSLOG for the names of what they call.
/// </summary>
internal sealed unsafe class ProgramCode : IDisposable
{
    private readonly KernelTypes _types = new();
    private readonly SymbolTable _symbols = new();

    /// <summary>The instructions of a program in their order; none when it is gone, or the kernel does not show them.</summary>
    public List<EbpfInstruction> Read(EbpfProgram program)
    {
        using SafeFileHandle? handle = KernelObjects.Programs.Open(program.Id);
        if (handle is null)
        {
            return [];
        }
        BpfProgInfo info = default;
        KernelObjects.Programs.Read(handle, ref info);
        byte[] code = new byte[info.XlatedProgLen], lines = new byte[info.NrLineInfo * info.LineInfoRecSize];
        byte[] functions = new byte[info.NrFuncInfo * info.FuncInfoRecSize];
        ulong[] addresses = new ulong[info.NrJitedKsyms];
        fixed (byte* codeData = code, lineData = lines, functionData = functions)
        fixed (ulong* addressData = addresses)
        {
            BpfProgInfo request = new()
            {
                XlatedProgInsns = (ulong)codeData,
                XlatedProgLen = (uint)code.Length,
                LineInfo = (ulong)lineData,
                NrLineInfo = info.NrLineInfo,
                LineInfoRecSize = info.LineInfoRecSize,
                FuncInfo = (ulong)functionData,
                NrFuncInfo = info.NrFuncInfo,
                FuncInfoRecSize = info.FuncInfoRecSize,
                JitedKsyms = (ulong)addressData,
                NrJitedKsyms = info.NrJitedKsyms,
            };
            KernelObjects.Programs.Read(handle, ref request);
            if (request.XlatedProgInsns == 0)
            {
                return []; // hardened (net.core.bpf_jit_harden), or without privileges
            }
            // The addresses are of no use where the kernel hides them.
            addresses = request.JitedKsyms == 0 ? [] : addresses;
        }
        nint btf = info.BtfId == 0 ? 0 : LibBpf.btf__load_from_kernel_by_id_split(info.BtfId, 0);
        try
        {
            return Write(program, code, lines, (int)info.LineInfoRecSize, functions, (int)info.FuncInfoRecSize, btf, new Disassembler(_symbols, HelperName, addresses));
        }
        finally
        {
            LibBpf.btf__free(btf);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _types.Dispose();

    private string? HelperName(uint number) => _types.EnumeratorOf("bpf_func_id", "BPF_FUNC_", number);

    private static List<EbpfInstruction> Write(EbpfProgram program, byte[] code, byte[] lines, int lineSize, byte[] functions, int functionSize, nint btf,
        Disassembler disassembler)
    {
        List<EbpfInstruction> all = [];
        int line = -1, function = -1;
        for (int offset = 0; offset < code.Length; offset += Disassembler.Size)
        {
            int index = offset / Disassembler.Size;
            bool isWide = Disassembler.IsWide(code.AsSpan(offset));
            // Both lists are in the order of the code, and say where each begins.
            Advance(functions, functionSize, index, ref function);
            Advance(lines, lineSize, index, ref line);
            // struct bpf_line_info: instruction, file, text, then line and column in one.
            ReadOnlySpan<int> place = btf == 0 || line < 0 ? default : MemoryMarshal.Cast<byte, int>(lines.AsSpan(line * lineSize, 16));
            bool hasLine = !place.IsEmpty && place[3] >>> 10 != 0; // 0: the compiler made it for no line
            all.Add(new EbpfInstruction
            {
                ProgramId = program.Id,
                ProgramName = program.Name,
                Function = btf == 0 || function < 0 ? null : FunctionName(btf, MemoryMarshal.Read<uint>(functions.AsSpan(function * functionSize + 4))),
                Index = index,
                Opcode = Convert.ToHexStringLower(code.AsSpan(offset, Math.Min(isWide ? 2 * Disassembler.Size : Disassembler.Size, code.Length - offset))),
                Text = disassembler.Write(code.AsSpan(offset)),
                SourceFile = place.IsEmpty ? null : Text(btf, (uint)place[1]),
                SourceLine = !hasLine ? null : Text(btf, (uint)place[2])?.Trim(),
                LineNumber = !hasLine ? null : place[3] >>> 10,
                ColumnNumber = !hasLine ? null : place[3] & 0x3ff,
            });
            offset += isWide ? Disassembler.Size : 0;
        }
        return all;
    }

    private static void Advance(byte[] records, int size, int index, ref int current)
    {
        while ((current + 2) * size <= records.Length && size > 0 && MemoryMarshal.Read<int>(records.AsSpan((current + 1) * size)) <= index)
        {
            current++;
        }
    }

    private static string? FunctionName(nint btf, uint type)
    {
        TypeHead* head = LibBpf.btf__type_by_id(btf, type);
        return head == null ? null : Text(btf, head->NameOff);
    }

    private static string? Text(nint btf, uint offset) => Marshal.PtrToStringUTF8(LibBpf.btf__name_by_offset(btf, offset));
}
