using Ebee.Bindings;
using Ebee.Native;
using Ebee.Programs;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>The tracers' programs, compiled by each clang that is here, pass this kernel's verifier: as all filters need them, and within a pid namespace.</summary>
[Trait("Category", "Live")]
[Trait("Kernels", "Short")]
public sealed class CompilerTests
{
    [LiveTheory]
    [InlineData(14)]
    [InlineData(16)]
    [InlineData(19)]
    public void Every_step_of_every_tracer_passes_the_verifier(int clang)
    {
        foreach (Tracer tracer in Tracer.All)
        {
            string? path = BpfCause.CompileFile(Path.Combine(Repository.Root, "bpf", $"{tracer.ObjectName}.bpf.c"), $"clang-{clang}");
            SkipException.If(path is null, $"needs clang-{clang}");
            List<string> loaded = [];
            foreach (HookStep step in tracer.Ladder.Where(step => step.Missing() is null))
            {
                try
                {
                    Load(step, File.ReadAllBytes(path!));
                    loaded.Add(step.Name);
                }
                // Where a helper is missing (bpf_get_func_arg, Linux 5.17) no compiler is at fault.
                catch (EbpfException e) when (e.Error is not EbpfError.VerifierRejected || e.Message.Contains("invalid func unknown#", StringComparison.Ordinal))
                {
                    // whether the kernel may lack it, the tests of each tracer say
                }
            }
            Assert.NotEmpty(loaded);
        }
    }

    private static unsafe OpenedObject Open(byte[] content)
    {
        fixed (byte* data = content)
        {
            using ObjectBuilder builder = ObjectBuilder.FromOwn("tracer", data, content.Length);
            return builder.Open();
        }
    }

    private static void Load(HookStep step, byte[] content)
    {
        using OpenedObject opened = Open(content);
        foreach (string program in step.Early.Union(step.Events).Union(step.Failed).Union([step.Fork, .. step.Exit is { } exit ? [exit] : Array.Empty<string>()]))
        {
            opened.Enable(program);
        }
        opened.LeaveOutMissingMaps();
        opened.ResizeMap("events", 1 << 16);
        opened.ResizeMap("scratches", (uint)((int)ScratchPool.ScratchesShared + Ebee.Host.Processors.PossibleCount));
        opened.SetConstant("settings", new Settings
        {
            Filters = (FilterKind)63,
            PidNamespace = 1, // none has this inode
            RecordLimit = 1 << 15,
            CgroupV1 = 1,
            IncludeFailed = 1,
        });
        using LoadedObject loaded = opened.Load();
    }
}
