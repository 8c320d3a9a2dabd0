using System.Diagnostics;

namespace Ebee.Tests.Support;

/// <summary>
/// One folder for all that the tests write, open to every user, removed when the tests end. On the machine's disk
/// rather than in /tmp, which may be a tmpfs.
/// </summary>
internal static class TestFolder
{
    private static readonly Lazy<string> Folder = new(Make);
    private static int _next;

    /// <summary>Its path.</summary>
    public static string Root => Folder.Value;

    /// <summary>A new folder in it.</summary>
    public static string New(string name = "folder")
    {
        string path = Path.Combine(Root, $"{name}{Interlocked.Increment(ref _next)}");
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Removes it with all that is in it.</summary>
    public static void Remove()
    {
        if (Folder.IsValueCreated)
        {
            // rm and not .NET: names that are not UTF-8, and trees deeper than PATH_MAX.
            using Process? remove = Process.Start("rm", ["-rf", "--one-file-system", Root]);
            remove?.WaitForExit();
        }
    }

    private static string Make()
    {
        string path = Directory.CreateDirectory($"/var/tmp/ebee-tests-{Environment.ProcessId}").FullName;
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return path;
    }
}
