using Ebee.Host;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Which files others could change: by links, names, folders and groups.</summary>
[Trait("Category", "Live")]
public sealed class FileTrustTests
{
    private const string Team = "4242";

    [LiveFact]
    public void A_link_of_another_user_is_not_followed_and_one_of_roots_is()
    {
        string folder = Sticky(), target = $"{folder}/target";
        File.WriteAllText(target, "");
        File.CreateSymbolicLink($"{folder}/link", target);
        Assert.Null(FileTrust.Doubt($"{folder}/link"));
        Shell($"chown -h {Team} {folder}/link");
        Assert.Equal($"{folder}/link belongs to the user {Team}", FileTrust.Doubt($"{folder}/link"));
        // In the middle of a path, and behind dots, too.
        Shell($"mkdir {folder}/a {folder}/a/b; touch {folder}/a/b/file; ln -s a/b/../b {folder}/way");
        Assert.Null(FileTrust.Doubt($"{folder}/way/./file"));
        Shell($"chown -h {Team} {folder}/way");
        Assert.Equal($"{folder}/way belongs to the user {Team}", FileTrust.Doubt($"{folder}/way/file"));
        Shell($"ln -s round {folder}/round");
        Assert.Equal($"{folder}/round leads nowhere", FileTrust.Doubt($"{folder}/round"));
    }

    [LiveFact]
    public void A_second_name_in_a_folder_of_all_is_a_doubt()
    {
        string folder = Sticky(), file = $"{TestFolder.New()}/file";
        File.WriteAllText(file, "");
        Shell($"ln {file} {folder}/other");
        Assert.Null(FileTrust.Doubt(file));
        Assert.StartsWith($"{folder}/other has several names", FileTrust.Doubt($"{folder}/other"), StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_folder_of_a_team_is_a_doubt_however_far_up()
    {
        string folder = TestFolder.New(), file = $"{folder}/a/b/c/file";
        Shell($"mkdir -p {folder}/a/b/c; touch {file}; chgrp {Team} {folder}/a; chmod 2775 {folder}/a");
        Assert.Equal($"the group {Team} can write to {folder}/a", FileTrust.Doubt(file));
        Shell($"chgrp 50 {folder}/a"); // staff, whose members install software
        Assert.Null(FileTrust.Doubt(file));
        Shell($"chmod 1777 {folder}/a");
        Assert.Null(FileTrust.Doubt(file));
        Shell($"chown {Team} {folder}/a"); // who may remove what is in it
        Assert.Equal($"{folder}/a belongs to the user {Team}", FileTrust.Doubt(file));
    }

    [LiveFact]
    public void What_is_not_there_is_a_doubt()
    {
        string folder = TestFolder.New();
        Assert.StartsWith($"{folder}/gone is not there", FileTrust.Doubt($"{folder}/gone"), StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("mkfifo", "it is a FIFO")]
    [InlineData("mkdir", "it is a folder")]
    [InlineData("ln -s /dev/zero", "it is a device")]
    public void What_is_not_a_file_is_an_error_at_once(string make, string why)
    {
        string path = $"{TestFolder.New()}/thing.bpf.o";
        Shell($"{make} {path}");
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        foreach ((EbpfError error, Action read) in new (EbpfError, Action)[]
        {
            (EbpfError.FileFailed, () => ObjectBuilder.FromFile(path)),
            (EbpfError.FileFailed, () => EbpfProbe.Start(path)),
            (EbpfError.FileFailed, () => SourceCompiler.CompileFile(path)),
            (EbpfError.FileFailed, () => Btf.TypeHeader.Make(path)),
            (EbpfError.SymbolNotFound, () => Binaries.Find(path)),
            (EbpfError.SymbolNotFound, () => ElfSymbols.Functions(path)),
        })
        {
            EbpfException e = Assert.Throws<EbpfException>(read);
            Assert.Equal(error, e.Error);
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
            Assert.Contains(why, e.Message, StringComparison.Ordinal);
        }
        Assert.InRange(watch.ElapsedMilliseconds, 0, Guest.Limit(5_000));
    }

    [LiveFact]
    public void An_object_of_another_user_is_refused_unless_allowed()
    {
        string path = $"{TestFolder.New()}/mine.bpf.o";
        File.WriteAllBytes(path, SourceCompiler.Compile("SEC(\"raw_tp/sys_enter\") int f(void *c) { return 0; }"));
        using (ObjectBuilder.FromFile(path))
        {
        }
        Shell($"chown {Team} {path}");
        EbpfException e = Assert.Throws<EbpfException>(() => EbpfProbe.Start(path));
        Assert.Equal(EbpfError.FileUntrusted, e.Error);
        Assert.Contains($"{path} belongs to the user {Team}", e.Message, StringComparison.Ordinal);
        Assert.Contains("-AllowUntrusted", e.RecommendedAction, StringComparison.Ordinal);
        FileUse use = new(allowUntrusted: true);
        using (ObjectBuilder.FromFile(path, use))
        {
        }
        Assert.StartsWith($"{path} belongs to the user {Team}", Assert.Single(use.Warnings), StringComparison.Ordinal);
        EbpfProbe.Start(path, new ProbeOptions { AllowUntrusted = true }).Stop();
    }

    internal static void Shell(string command)
    {
        CommandRun run = CommandRun.Run("sh", ["-ec", command]);
        Assert.True(run.ExitCode == 0, run.Errors);
    }

    // As /tmp is.
    internal static string Sticky()
    {
        string folder = TestFolder.New("sticky");
        File.SetUnixFileMode(folder, (UnixFileMode)0b001_111_111_111);
        return folder;
    }
}
