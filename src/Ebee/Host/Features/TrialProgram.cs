using System.Runtime.InteropServices;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Host.Features;

/// <summary>A program of a few instructions, loaded to see what the kernel says to it.</summary>
/// <param name="Type">The kernel's number of its type.</param>
/// <param name="AttachType">What it is to be attached to (enum bpf_attach_type).</param>
/// <param name="TargetId">The number in the kernel's BTF of what it is to be attached to; 0 where it has none.</param>
/// <param name="Flags">The flags of its load.</param>
internal readonly unsafe record struct TrialProgram(uint Type, uint AttachType = 0, uint TargetId = 0, uint Flags = 0)
{
    private const int LogSize = 4096;

    /// <summary>r0 = 0; exit.</summary>
    public static readonly ulong[] Nothing = [Instruction(0xb7), Instruction(0x95)];

    /// <summary>An instruction: its code, both registers, its offset, its constant.</summary>
    public static ulong Instruction(byte code, int destination = 0, int source = 0, short offset = 0, int constant = 0) =>
        code | (ulong)(uint)(destination | source << 4) << 8 | (ulong)(ushort)offset << 16 | (ulong)(uint)constant << 32;

    /// <summary>Loads it.</summary>
    /// <returns>The program; null with the error number, and what the verifier said, when the kernel refuses.</returns>
    public SafeFileHandle? Load(ReadOnlySpan<ulong> instructions, out int errno, out string log)
    {
        byte* text = stackalloc byte[LogSize];
        text[0] = 0;
        LibBpf.BpfProgLoadOpts options = new()
        {
            Size = (nuint)sizeof(LibBpf.BpfProgLoadOpts),
            ExpectedAttachType = AttachType,
            AttachBtfId = TargetId,
            Flags = Flags,
            Log = text,
            LogSize = LogSize,
            LogLevel = 1,
        };
        int fd;
        fixed (ulong* code = instructions)
        {
            fd = LibBpf.bpf_prog_load(Type, "ebee_trial", "GPL", code, (nuint)instructions.Length, &options);
        }
        errno = fd < 0 ? -fd : 0;
        log = Marshal.PtrToStringUTF8((nint)text) ?? "";
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>Whether it loads.</summary>
    public bool Loads(ReadOnlySpan<ulong> instructions, out int errno, out string log)
    {
        using SafeFileHandle? program = Load(instructions, out errno, out log);
        return program is not null;
    }
}
