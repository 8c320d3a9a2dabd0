using Ebee.Host;
using Ebee.Programs;

namespace Ebee.Tests.Unit;

/// <summary>Which clang is run, and which is not.</summary>
public sealed class ClangTests
{
    private const UnixFileMode All = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public void The_newest_is_taken_in_whatever_folder_and_by_whatever_name()
    {
        string folder = Folder(("clang", "14.0.6"), ("clang-16", "16.0.0"), ("clang-tidy-19", "x"));
        Assert.Equal(16, Clang.Find(folder).Version);
        Assert.Equal(19, Clang.Find($"{folder}:{Folder(("clang", "19.1.0"))}").Version);
    }

    [Fact]
    public void One_that_is_too_old_gives_way_to_the_newest_with_a_number()
    {
        string folder = Folder(("clang", "10.0.1"), ("clang-9", "9"), ("clang-14", "14.0.6"), ("clang-16", "16.0.0"));
        Assert.Equal(16, Clang.Find($"relative::/nonexistent:{folder}").Version);
    }

    [Fact]
    public void One_that_says_nothing_is_none()
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Clang.Find(Folder(("clang", "no number"), ("clang-13", "13"))));
        Assert.Equal(EbpfError.ClangNotFound, e.Error);
        Assert.Contains("clang 14", e.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install clang", e.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_anybody_may_replace_is_not_run()
    {
        string open = Folder(("clang", "14.0.6")), good = Folder(("clang-15", "15.0.0"));
        File.SetUnixFileMode(open, All | UnixFileMode.OtherWrite);
        Assert.Equal(15, Clang.Find($"{open}:{good}").Version);
        EbpfException e = Assert.Throws<EbpfException>(() => Clang.Find(open));
        Assert.Equal(EbpfError.FileUntrusted, e.Error);
        Assert.Contains($"every user can write to {open}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"chmod go-w '{open}'", e.RecommendedAction, StringComparison.Ordinal);
        // Its own mode, and where a link leads to, count as well.
        File.SetUnixFileMode(open, All);
        Assert.Equal(14, Clang.Find(open).Version);
        File.SetUnixFileMode($"{open}/clang", All | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
        Assert.Contains($"every user can write to {open}/clang", Assert.Throws<EbpfException>(() => Clang.Find(open)).Message, StringComparison.Ordinal);
        string linked = Folder();
        File.CreateSymbolicLink($"{linked}/clang", $"{open}/clang");
        Assert.Contains($"every user can write to {open}/clang", Assert.Throws<EbpfException>(() => Clang.Find(linked)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cache_that_others_could_change_is_not_used()
    {
        string home = TestFolder.New("home");
        File.SetUnixFileMode(home, All);
        string cache = CacheFolder.Of(null, home)!;
        Assert.Equal(Path.Combine(home, ".cache", "ebee"), cache);
        Assert.Equal(All, File.GetUnixFileMode(cache));
        Assert.Equal(Path.Combine(home, "x", "ebee"), CacheFolder.Of(Path.Combine(home, "x"), home));
        File.SetUnixFileMode(cache, All | UnixFileMode.GroupRead);
        Assert.Null(CacheFolder.Of(null, home));
        File.SetUnixFileMode(cache, All);
        File.SetUnixFileMode(home, All | UnixFileMode.OtherWrite);
        Assert.Null(CacheFolder.Of(null, home));
        File.SetUnixFileMode(home, All | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
        Assert.NotNull(CacheFolder.Of(null, home));
        string other = TestFolder.New("home");
        Directory.CreateSymbolicLink(Path.Combine(other, "ebee"), cache);
        Assert.Null(CacheFolder.Of(other, null));
        Assert.Null(CacheFolder.Of("relative", null));
        Assert.Null(CacheFolder.Of(null, "/proc/1/nonexistent"));
    }

    // Programs that say their version as clang does.
    private static string Folder(params (string Name, string Version)[] programs)
    {
        string folder = TestFolder.New("path");
        foreach ((string name, string version) in programs)
        {
            string file = Path.Combine(folder, name);
            File.WriteAllText(file, $"#!/bin/sh\necho {version}\n");
            File.SetUnixFileMode(file, All);
        }
        return folder;
    }
}
