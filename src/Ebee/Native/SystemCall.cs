using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>The numbers of the system calls that the C library has no function for, by architecture (asm/unistd.h).</summary>
internal static class SystemCall
{
    public static int Bpf => Own.Bpf;

    public static int PerfEventOpen => Own.PerfEventOpen;

    public static int Membarrier => Own.Membarrier;

    private static Numbers Own => Of(RuntimeInformation.ProcessArchitecture);

    /// <summary>The numbers of an architecture.</summary>
    /// <exception cref="EbpfException">Ebee does not know them: another architecture's would be other calls here.</exception>
    internal static Numbers Of(Architecture architecture) => architecture switch
    {
        Architecture.X64 => new(321, 298, 324),
        Architecture.Arm64 => new(280, 241, 283),
        _ => throw new EbpfException(EbpfError.NotSupported, $"Ebee does not run on this machine: it does not know the system calls of {architecture}.",
            "Use a machine of x86-64 or arm64 (uname -m shows what this one is)."),
    };

    internal readonly record struct Numbers(int Bpf, int PerfEventOpen, int Membarrier);
}
