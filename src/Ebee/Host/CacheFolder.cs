namespace Ebee.Host;

/// <summary>Where Ebee keeps what takes long to make. What is in it goes into programs for the kernel: nobody else may write there.</summary>
internal static class CacheFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int Room = 8 << 20; // bytes: the types of a kernel have half of that
    private const string Run = "run-", Part = "part-";
    private const int MostKept = 4; // of what is made for one kernel each
    private static readonly TimeSpan LongestUnused = TimeSpan.FromDays(90), LongestRun = TimeSpan.FromDays(1), JustUsed = TimeSpan.FromHours(1);

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

    /// <summary>A new folder that only this user can look into, with room for all that a compilation needs, which the caller removes.</summary>
    /// <param name="use">Is told of places that cannot be used.</param>
    /// <exception cref="EbpfException">There is no such place.</exception>
    public static string NewTemporary(FileUse use)
    {
        string name = $"{Run}{Environment.ProcessId}-{Guid.NewGuid():N}";
        foreach (string? place in new[] { Find(), Path.GetTempPath(), "/tmp", "/dev/shm" })
        {
            try
            {
                if (place is not null && Directory.Exists(place) && MakeWithRoom(Path.Join(place, name)) is { } folder)
                {
                    return folder;
                }
                use.Notes.Add($"{place ?? "The cache"} is not used: others could change what is in it, or it is not there.");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                use.Notes.Add($"{place} is not used: {e.Message}");
            }
        }
        throw new EbpfException(EbpfError.FileFailed, "There is no folder for temporary files that has room and that only this user can change.",
            $"Make room in /tmp, or give another: TMPDIR=/some/folder. {string.Join(" ", use.Notes)}");
    }

    /// <summary>Writes a file of the cache whole or not at all, whoever looks for it at the same time.</summary>
    /// <exception cref="IOException">There is no room.</exception>
    internal static void Write(string cache, string file, ReadOnlySpan<byte> content)
    {
        string part = Path.Join(cache, $"{Part}{Guid.NewGuid():N}");
        try
        {
            File.WriteAllBytes(part, content);
            File.Move(part, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(part);
            throw;
        }
    }

    /// <summary>Removes what was not used for long, what is too much, and what processes that were killed have left.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="prefix">How the names of folders begin that are made once for a kernel.</param>
    internal static void Prune(string cache, string prefix)
    {
        DateTime now = DateTime.UtcNow;
        FileSystemInfo[] entries = new DirectoryInfo(cache).GetFileSystemInfos();
        IEnumerable<FileSystemInfo> old = entries.Where(entry => (IsNamed(entry, Run) || IsNamed(entry, Part)) && now - entry.LastWriteTimeUtc > LongestRun);
        IEnumerable<FileSystemInfo> made = entries.Where(entry => entry is DirectoryInfo && IsNamed(entry, prefix)).OrderByDescending(entry => entry.LastWriteTimeUtc);
        IEnumerable<FileSystemInfo> unused = made.Where((entry, i) => now - entry.LastWriteTimeUtc is { } age && (age > LongestUnused || (i >= MostKept && age > JustUsed)));
        foreach (FileSystemInfo entry in old.Concat(unused).ToArray())
        {
            try
            {
                if (entry is DirectoryInfo folder)
                {
                    folder.Delete(recursive: true);
                }
                else
                {
                    entry.Delete();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // another process removes it at the same time, or the next write does
            }
        }
    }

    private static bool IsNamed(FileSystemInfo entry, string prefix) => entry.Name.StartsWith(prefix, StringComparison.Ordinal);

    // Null when others could change it.
    private static string? MakeWithRoom(string path)
    {
        string folder = CreatePrivate(path);
        try
        {
            string room = Path.Join(folder, "room");
            using (new FileStream(room, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = Room }))
            {
            }
            File.Delete(room);
            if (FileStatus.IsPrivateFolder(folder))
            {
                return folder;
            }
            Directory.Delete(folder);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CleanUp.After(e, () => Directory.Delete(folder, recursive: true));
            throw;
        }
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
