using System.Text;

namespace Ebee.Host;

/// <summary>Where the kernel's trace file system is. It is looked for, never mounted.</summary>
internal static class Tracefs
{
    private const string Mount = "mount -t tracefs nodev /sys/kernel/tracing";

    /// <summary>Its folder.</summary>
    /// <exception cref="EbpfException">It is mounted nowhere, or this user may not read it.</exception>
    public static string Folder()
    {
        // A thread may have mounts of its own.
        List<string> places = Places(File.ReadAllText("/proc/thread-self/mounts"));
        if (places.Find(place => File.Exists(Path.Combine(place, "available_events"))) is { } folder)
        {
            return folder;
        }
        throw places.Exists(IsMountedButClosed)
            ? new EbpfException(EbpfError.PermissionDenied, $"This user may not read {places.Find(IsMountedButClosed)}, the kernel's trace file system.",
                "Run it as root: sudo pwsh.")
            : new EbpfException(EbpfError.TracefsNotMounted, "The kernel's trace file system (tracefs) is not mounted.", $"Mount it, as root: {Mount}");
    }

    /// <summary>A file of it as text.</summary>
    /// <exception cref="EbpfException">It cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw CannotRead(path, e.Message, e is UnauthorizedAccessException, e);
        }
    }

    /// <summary>The error for a file of it that cannot be read.</summary>
    public static EbpfException CannotRead(string path, string reason, bool isPermission, Exception? inner = null) => isPermission
        ? new EbpfException(EbpfError.PermissionDenied, $"This user may not read {path}.",
            "Run it as root: sudo pwsh. If root may not either, look at /sys/kernel/security/lockdown.", reason, inner)
        : new EbpfException(EbpfError.FileFailed, $"{path} could not be read: {reason.TrimEnd('.')}.", $"Look whether tracefs is still there: {Mount}",
            reason, inner);

    /// <summary>Where it may be by a table of mounts: tracefs itself first, then what debugfs offers.</summary>
    internal static List<string> Places(string mounts)
    {
        List<string> own = [], debug = [];
        foreach (string line in mounts.Split('\n'))
        {
            string[] fields = line.Split(' ');
            if (fields.Length >= 3 && fields[2] is "tracefs" or "debugfs")
            {
                string folder = Unescape(fields[1]);
                (fields[2] == "tracefs" ? own : debug).Add(fields[2] == "tracefs" ? folder : Path.Combine(folder, "tracing"));
            }
        }
        return [.. own, .. debug];
    }

    private static bool IsMountedButClosed(string place)
    {
        try
        {
            _ = Directory.GetFileSystemEntries(place);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // The table writes space, tab, line break and backslash as octal numbers.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }
        StringBuilder plain = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                plain.Append((char)((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }
        return plain.ToString();
    }
}
