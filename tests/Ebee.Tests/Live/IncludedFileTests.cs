using System.Diagnostics;
using Ebee.Btf;
using Ebee.Host;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>What others lay beside a source is not compiled, and Ebee's own vmlinux.h comes first.</summary>
[Trait("Category", "Live")]
public sealed class IncludedFileTests
{
    private const string Team = "4242";

    private const string Program = """
        #include "vmlinux.h"
        #include <bpf/bpf_helpers.h>
        #include "mine.h"
        SEC("raw_tp/sys_enter") int watch(void *context) { return MINE; }
        char LICENSE[] SEC("license") = "GPL";

        """;

    // What another user would run.
    private const string Planted = "int planted; __attribute__((section(\"raw_tp/sys_exit\"), used)) int stolen(void *context) { return 0; }\n";

    public static TheoryData<int> Clangs => [.. new[] { 14, 16, 19 }.Where(version => File.Exists($"/usr/bin/clang-{version}"))];

    [LiveTheory]
    [MemberData(nameof(Clangs))]
    public void A_vmlinux_header_that_lies_about_is_not_read(int clang)
    {
        string folder = Source(("mine.h", "#include \"sub/deep.h\"\n"), ("sub/deep.h", "#include \"vmlinux.h\"\n#include \"../sub/vmlinux.h\"\n#include_next \"vmlinux.h\"\n#define MINE 1\n"),
            ("vmlinux.h", Planted), ("sub/vmlinux.h", Planted));
        FileTrustTests.Shell($"chown {Team} {folder}/vmlinux.h {folder}/sub/vmlinux.h");
        byte[] compiled = SourceCompiler.CompileFile($"{folder}/a.bpf.c", clang: Clang.At($"/usr/bin/clang-{clang}"));
        Assert.False(compiled.AsSpan().IndexOf("stolen"u8) >= 0);
        Assert.False(compiled.AsSpan().IndexOf("planted"u8) >= 0);
        Assert.True(compiled.AsSpan().IndexOf("watch"u8) >= 0);
    }

    [LiveTheory]
    [InlineData("chown 4242 mine.h", "mine.h belongs to the user 4242")]
    [InlineData("chmod o+w mine.h", "every user can write to {0}/mine.h")]
    [InlineData("chown 4242 sub/deep.h", "sub/deep.h belongs to the user 4242")]
    [InlineData("chmod 777 sub", "every user can write to {0}/sub")]
    [InlineData("chgrp 4242 sub; chmod 2775 sub", "the group 4242 can write to {0}/sub")]
    [InlineData("mv mine.h real.h; ln -s real.h mine.h; chown -h 4242 mine.h", "mine.h belongs to the user 4242")]
    [InlineData("ln sub/deep.h second.h; sed -i s,sub/deep,second, mine.h", "second.h has several names")]
    [InlineData("chown 4242 a.bpf.c", "a.bpf.c belongs to the user 4242")]
    [InlineData("mkdir bpf; echo > bpf/bpf_helpers.h; chown -R 4242 bpf; sed -i 's,<\\(.*\\)>,\"\\1\",' a.bpf.c", "/bpf belongs to the user 4242")]
    public void A_file_of_others_is_refused_and_named_unless_allowed(string attack, string doubt)
    {
        string folder = Source(("mine.h", "#include \"sub/deep.h\"\n"), ("sub/deep.h", "#define MINE 1\n"));
        Assert.NotEmpty(SourceCompiler.CompileFile($"{folder}/a.bpf.c"));
        FileTrustTests.Shell($"cd {folder}; {attack}");
        EbpfException e = Assert.Throws<EbpfException>(() => SourceCompiler.CompileFile($"{folder}/a.bpf.c"));
        Assert.Equal(EbpfError.FileUntrusted, e.Error);
        Assert.Contains(doubt.Replace("{0}", folder, StringComparison.Ordinal), e.Message, StringComparison.Ordinal);
        FileUse use = new(allowUntrusted: true);
        if (!attack.StartsWith("mkdir bpf", StringComparison.Ordinal)) // which is empty
        {
            Assert.NotEmpty(SourceCompiler.CompileFile($"{folder}/a.bpf.c", use: use));
            Assert.Contains(doubt.Replace("{0}", folder, StringComparison.Ordinal), Assert.Single(use.Warnings), StringComparison.Ordinal);
        }
    }

    [LiveFact]
    public void A_text_that_includes_a_file_of_others_is_refused()
    {
        string folder = Source(("mine.h", "#define MINE 1\n"));
        string text = $"#include <bpf/bpf_helpers.h>\n#include \"{folder}/mine.h\"\nSEC(\"raw_tp/sys_enter\") int f(void *c) {{ return MINE; }}";
        Assert.NotEmpty(SourceCompiler.Compile("#include \"vmlinux.h\"\n" + text));
        FileTrustTests.Shell($"chown {Team} {folder}/mine.h");
        EbpfException e = Assert.Throws<EbpfException>(() => SourceCompiler.Compile("#include \"vmlinux.h\"\n" + text));
        Assert.Contains($"{folder}/mine.h', which The source includes", e.Message, StringComparison.OrdinalIgnoreCase);
    }

    [LiveFact]
    public void Odd_names_are_looked_at_too()
    {
        string folder = Source(("mine.h", "#include \"o d#d$'%.h\"\n"), ("o d#d$'%.h", "#define MINE 1\n"));
        Assert.NotEmpty(SourceCompiler.CompileFile($"{folder}/a.bpf.c"));
        File.SetUnixFileMode($"{folder}/o d#d$'%.h", (UnixFileMode)0b110_110_110);
        Assert.Contains("o d#d$'%.h", Assert.Throws<EbpfException>(() => SourceCompiler.CompileFile($"{folder}/a.bpf.c")).Message, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_projects_own_types_of_the_kernel_take_no_longer_whatever_they_are_called()
    {
        string types = System.Text.Encoding.UTF8.GetString(TypeHeader.Make()).Replace("__VMLINUX_H__", "OTHER_GUARD", StringComparison.Ordinal);
        string folder = Source(("mine.h", "#define MINE 1\n"), ("vmlinux.h", types), ("kernel_types.h", types));
        SourceCompiler.CompileFile($"{folder}/a.bpf.c"); // the first use
        Stopwatch watch = Stopwatch.StartNew();
        byte[] own = SourceCompiler.CompileFile($"{folder}/a.bpf.c");
        File.WriteAllText($"{folder}/b.bpf.c", Program.Replace("vmlinux.h", "kernel_types.h", StringComparison.Ordinal));
        byte[] named = SourceCompiler.CompileFile($"{folder}/b.bpf.c");
        Assert.InRange(watch.ElapsedMilliseconds, 0, Guest.Limit(6_000));
        Assert.InRange(named.Length, own.Length / 2, own.Length * 2); // none of them is in its BTF
    }

    private static string Source(params (string Name, string Text)[] files)
    {
        string folder = FileTrustTests.Sticky();
        foreach ((string name, string text) in files.Append(("a.bpf.c", Program)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{folder}/{name}")!);
            File.WriteAllText($"{folder}/{name}", text);
        }
        return folder;
    }
}
