using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Ebee.Native;

namespace Ebee.Host;

/// <summary>User names and ids, as the machine's name service gives them (getpwuid_r, getpwnam_r).</summary>
internal static unsafe class UserDatabase
{
    private const int BufferSize = 16384;
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(60);
    private static readonly ConcurrentDictionary<uint, (string? Name, long Until)> Cache = new();

    /// <summary>The name of a user; null when the database does not know the id. Answers are kept for a minute.</summary>
    public static string? NameOf(uint id)
    {
        long now = Environment.TickCount64;
        if (Cache.TryGetValue(id, out (string? Name, long Until) entry) && now < entry.Until)
        {
            return entry.Name;
        }
        LibC.Passwd passwd;
        LibC.Passwd* result;
        byte* buffer = stackalloc byte[BufferSize];
        string? name = LibC.getpwuid_r(id, &passwd, buffer, BufferSize, &result) == 0 && result != null
            ? Marshal.PtrToStringUTF8((nint)result->Name)
            : null;
        Cache[id] = (name, now + (long)Freshness.TotalMilliseconds);
        return name;
    }

    /// <summary>The id of a user given by name or by number.</summary>
    public static uint Resolve(string nameOrId)
    {
        if (uint.TryParse(nameOrId, NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
        {
            return id;
        }
        LibC.Passwd passwd;
        LibC.Passwd* result;
        byte* buffer = stackalloc byte[BufferSize];
        return LibC.getpwnam_r(nameOrId, &passwd, buffer, BufferSize, &result) == 0 && result != null
            ? result->UserId
            : throw new EbpfException(EbpfError.UserNotFound, $"There is no user '{nameOrId}' on this machine.",
                "Give a name that getent passwd lists, or a numeric user id.");
    }
}
