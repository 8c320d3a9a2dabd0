using System.Runtime.InteropServices;

namespace Ebee.Native;

internal static unsafe partial class LibBpf
{
    /// <summary><c>struct bpf_test_run_opts</c> of libbpf 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfTestRunOpts
    {
        public nuint Size;
        public byte* DataIn;
        public byte* DataOut;
        public uint DataSizeIn;
        public uint DataSizeOut;
        public byte* ContextIn;
        public byte* ContextOut;
        public uint ContextSizeIn;
        public uint ContextSizeOut;
        public uint ReturnValue;
        public int Repeat;
        public uint Duration;
        public uint Flags;
        public uint Cpu;
        public uint BatchSize;
    }

    [LibraryImport(Library)]
    internal static partial int bpf_prog_test_run_opts(SafeHandle fd, BpfTestRunOpts* options);
}
