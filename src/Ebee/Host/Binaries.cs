namespace Ebee.Host;

/// <summary>Binaries and libraries, by path or by name.</summary>
internal static class Binaries
{
    private static readonly string[] Folders =
    [
        "/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin",
        "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib", "/usr/local/lib",
    ];

    /// <summary>The whole path of one: as given when it is a path, else looked for in the system's folders.</summary>
    /// <exception cref="EbpfException">It is not there.</exception>
    public static string Find(string name)
    {
        string[] tried = name.Contains('/', StringComparison.Ordinal) ? [Path.GetFullPath(name)] : [.. Folders.Select(folder => Path.Join(folder, name))];
        return Array.Find(tried, FileStatus.IsRegularFile) ?? throw new EbpfException(EbpfError.SymbolNotFound,
            FileStatus.Of(tried[0]) is { } other ? $"'{name}' is not a binary: it is {other.Kind}." : $"There is no binary '{name}'.",
            tried.Length > 1 ? $"Give its whole path; it is in none of {string.Join(", ", Folders)}." : "Give its whole path; (Get-Command name).Source shows it.");
    }
}
