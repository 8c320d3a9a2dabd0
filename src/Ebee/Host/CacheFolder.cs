namespace Ebee.Host;

/// <summary>Where Ebee keeps what takes long to make. What is in it goes into programs for the kernel: nobody else may write there.</summary>
internal static class CacheFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// The folder: /var/cache/ebee for root, else $XDG_CACHE_HOME/ebee or ~/.cache/ebee. Null when there is none that only
    /// this user can change.
    /// </summary>
    public static string? Find() => FileStatus.IsRoot
        ? Make("/var/cache/ebee")
        : Of(Environment.GetEnvironmentVariable("XDG_CACHE_HOME"), Environment.GetEnvironmentVariable("HOME"));

    /// <summary>The folder of a user with these variables.</summary>
    internal static string? Of(string? cacheHome, string? home) =>
        Path.IsPathRooted(cacheHome) ? Make(Path.Combine(cacheHome, "ebee"))
        : Path.IsPathRooted(home) ? Make(Path.Combine(home, ".cache", "ebee"))
        : null;

    /// <summary>A new folder that only this user can look into, which the caller removes.</summary>
    public static string NewTemporary()
    {
        if (Find() is not { } cache)
        {
            return Directory.CreateTempSubdirectory("ebee-").FullName;
        }
        return CreatePrivate(Path.Combine(cache, $"run-{Environment.ProcessId}-{Guid.NewGuid():N}"));
    }

    private static string? Make(string path)
    {
        try
        {
            string folder = CreatePrivate(path);
            return FileStatus.IsPrivateFolder(folder) ? folder : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a read-only system, or a home that is not there
        }
    }

    private static string CreatePrivate(string path) => OperatingSystem.IsWindows()
        ? throw new PlatformNotSupportedException()
        : Directory.CreateDirectory(path, OwnerOnly).FullName;
}
