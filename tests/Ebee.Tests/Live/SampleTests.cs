using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Each sample passes the verifier of each kernel, from each clang that is here. What they do: Samples.Tests.ps1.</summary>
[Trait("Category", "Live")]
[Trait("Kernels", "Short")]
public sealed class SampleTests
{
    public static TheoryData<string> Samples =>
        new(Directory.EnumerateFiles(Path.Combine(Repository.Root, "samples"), "*.bpf.c").Select(file => Path.GetFileName(file).Split('.')[0]).Order(StringComparer.Ordinal));

    [LiveTheory]
    [MemberData(nameof(Samples))]
    public void It_passes_the_verifier(string name)
    {
        SkipException.If(name == "bytes" && KernelOffers.IsOlderThan("6.3"), "the tracepoints of the sample bytes need Linux 6.3");
        string[] compilers = [.. new[] { 14, 16, 19 }.Select(version => $"/usr/bin/clang-{version}").Where(File.Exists)];
        SkipException.If(compilers.Length == 0, "needs clang");
        foreach (string compiler in compilers)
        {
            byte[] compiled = SourceCompiler.CompileFile(Path.Combine(Repository.Root, "samples", $"{name}.bpf.c"), clang: Clang.At(compiler));
            using ObjectBuilder builder = ObjectBuilder.FromBytes(name, compiled);
            Assert.NotEmpty(ProbeStart.Verify(builder, new ProbeOptions()));
        }
    }
}
