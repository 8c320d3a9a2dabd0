namespace Ebee.Host;

/// <summary>Binaries and libraries, by path or by name.</summary>
internal static class Binaries
{
    private static readonly string[] Folders =
    [
        "/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin",
        "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib", "/usr/local/lib",
    ];

    /// <summary>The whole path of one: as given when it is a path, else looked for in the folders of PATH and the system's.</summary>
    /// <param name="name">It.</param>
    /// <param name="folder">Where a relative path begins; null for the process's working directory.</param>
    /// <exception cref="EbpfException">It is not there.</exception>
    public static string Find(string name, string? folder = null)
    {
        string[] tried = name.Contains('/', StringComparison.Ordinal) ? [Path.GetFullPath(name, folder ?? Directory.GetCurrentDirectory())]
            : [.. SearchPath().Concat(Folders).Select(searched => Path.Join(searched, name))];
        return Array.Find(tried, FileStatus.IsRegularFile) ?? throw new EbpfException(EbpfError.SymbolNotFound,
            FileStatus.Of(tried[0]) is { } other ? $"'{name}' is not a binary: it is {other.Kind}." : $"There is no binary '{name}'.",
            tried.Length > 1 ? $"Give its whole path; it is in no folder of $env:PATH, and in none of {string.Join(", ", Folders)}." : "Give its whole path; (Get-Command name).Source shows it.");
    }

    // What is relative there depends on where the session happens to be.
    private static IEnumerable<string> SearchPath() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(folder => folder.StartsWith('/'));
}
