using System.Runtime.InteropServices;

namespace Ebee.Native;

internal static unsafe partial class LibBpf
{
    /// <summary><c>struct bpf_insn</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct BpfInsn(byte Code, byte Registers, short Offset, int Immediate)
    {
        public int Destination => Registers & 0xf;

        public int Source => Registers >> 4;
    }

    [LibraryImport(Library)]
    internal static partial BpfInsn* bpf_program__insns(nint program);

    [LibraryImport(Library)]
    internal static partial nuint bpf_program__insn_cnt(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_iter_create(SafeHandle link);
}
