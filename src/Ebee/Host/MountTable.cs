using System.Text;

namespace Ebee.Host;

/// <summary>What is mounted where, as /proc shows it.</summary>
internal static class MountTable
{
    /// <summary>Of the calling thread: it may have mounts of its own.</summary>
    public static List<Mount> Read() => Parse(File.ReadAllText("/proc/thread-self/mounts"));

    /// <summary>Reads a table; lines that are too short are left out.</summary>
    internal static List<Mount> Parse(string table)
    {
        List<Mount> mounts = [];
        foreach (string line in table.Split('\n'))
        {
            string[] fields = line.Split(' ');
            if (fields.Length >= 3)
            {
                mounts.Add(new Mount(Unescape(fields[1]), fields[2], fields.Length > 3 ? fields[3].Split(',') : []));
            }
        }
        return mounts;
    }

    // The table writes space, tab, line break, # and backslash as octal numbers.
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

    /// <summary>A mount.</summary>
    /// <param name="Folder">Where it is.</param>
    /// <param name="Type">The file system's type, such as tracefs.</param>
    /// <param name="Options">Its options, such as rw.</param>
    internal sealed record Mount(string Folder, string Type, string[] Options);
}
