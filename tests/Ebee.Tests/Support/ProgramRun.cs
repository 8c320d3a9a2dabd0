using System.Runtime.InteropServices;
using Ebee.Programs;

namespace Ebee.Tests.Support;

/// <summary>Has the kernel run a program of a probe once (BPF_PROG_TEST_RUN), which causes what the program does.</summary>
internal static unsafe partial class ProgramRun
{
    private const uint OnCpu = 1; // BPF_F_TEST_RUN_ON_CPU

    /// <summary>Runs it with numbers as its context; what it returned.</summary>
    public static uint Run(EbpfProbe probe, string program, ulong[] context, int? cpu = null)
    {
        fixed (ulong* data = context)
        {
            TestRunOptions options = new()
            {
                Size = (nuint)sizeof(TestRunOptions),
                ContextIn = data,
                ContextSizeIn = (uint)(context.Length * sizeof(ulong)),
                Flags = cpu is null ? 0 : OnCpu,
                Cpu = (uint)(cpu ?? 0),
            };
            int result = bpf_prog_test_run_opts((int)probe.Programs.Single(p => p.Name == program).Handle.DangerousGetHandle(), &options);
            Assert.True(result == 0, $"{program} was not run: {result}");
            return options.ReturnValue;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TestRunOptions
    {
        public nuint Size;
        public void* DataIn;
        public void* DataOut;
        public uint DataSizeIn;
        public uint DataSizeOut;
        public void* ContextIn;
        public void* ContextOut;
        public uint ContextSizeIn;
        public uint ContextSizeOut;
        public uint ReturnValue;
        public int Repeat;
        public uint Duration;
        public uint Flags;
        public uint Cpu;
        public uint BatchSize;
    }

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_prog_test_run_opts(int fd, TestRunOptions* options);
}
