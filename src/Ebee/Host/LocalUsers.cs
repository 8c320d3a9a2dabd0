using System.Buffers.Text;
using System.Text;

namespace Ebee.Host;

/// <summary>The users of /etc/passwd, as they are now: the file is looked at again, and read when it was changed.</summary>
internal sealed class LocalUsers
{
    private const string PasswordFile = "/etc/passwd";
    private const int LookMs = 10;
    private static volatile LocalUsers _known = new([], default);

    private readonly (ulong Inode, DateTime Written, long Length) _version;
    private long _lookedAt;

    private LocalUsers(ReadOnlySpan<byte> content, (ulong, DateTime, long) version)
    {
        _version = version;
        foreach (Range range in content.Split((byte)'\n'))
        {
            Add(content[range]);
        }
    }

    /// <summary>They now, at most a hundredth of a second ago.</summary>
    public static LocalUsers Now
    {
        get
        {
            LocalUsers known = _known;
            long now = Environment.TickCount64;
            if (now - Volatile.Read(ref known._lookedAt) < LookMs)
            {
                return known;
            }
            known = Look(known);
            Volatile.Write(ref known._lookedAt, now);
            return _known = known;
        }
    }

    /// <summary>Their names. Where several have an id, the first one's, as the C library has it.</summary>
    public Dictionary<uint, string> Names { get; } = [];

    /// <summary>Their ids.</summary>
    public Dictionary<string, uint> Ids { get; } = new(StringComparer.Ordinal);

    /// <summary>They of a file's content.</summary>
    internal static LocalUsers Parse(ReadOnlySpan<byte> content) => new(content, default);

    private static LocalUsers Look(LocalUsers known)
    {
        try
        {
            FileInfo file = new(PasswordFile);
            (ulong, DateTime, long) version = file.Exists
                ? (Inodes.Of(PasswordFile), file.LastWriteTimeUtc, file.Length)
                : default;
            return version == known._version
                ? known
                : new LocalUsers(file.Exists ? File.ReadAllBytes(PasswordFile) : [], version);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return known; // for want of descriptors, or it is being replaced
        }
    }

    // "name:password:id:…"; a line of + or - is for the name service.
    private void Add(ReadOnlySpan<byte> line)
    {
        int end = line.IndexOf((byte)':');
        if (end <= 0 || line[0] is (byte)'+' or (byte)'-' or (byte)'#')
        {
            return;
        }
        ReadOnlySpan<byte> rest = line[(end + 1)..];
        int password = rest.IndexOf((byte)':');
        rest = rest[(password + 1)..];
        if (password >= 0 && Utf8Parser.TryParse(rest, out uint id, out int used) && rest[used..] is [(byte)':', ..])
        {
            string name = Encoding.UTF8.GetString(line[..end]);
            Names.TryAdd(id, name);
            Ids.TryAdd(name, id);
        }
    }
}
