using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Ebee.Bindings;
using Ebee.Host;

namespace Ebee.Events;

/// <summary>
/// A copied record: a head of type <typeparamref name="THead"/>, which begins with a <see cref="TaskInfo"/>, and the
/// strings behind it. Lengths that point outside of the record are cut to it: it may be a cut one.
/// </summary>
internal readonly struct EventRecord<THead> where THead : unmanaged
{
    private readonly byte[] _data;
    private readonly long _bootUtcTicks;

    public unsafe EventRecord(ReadOnlySpan<byte> record, long bootUtcTicks)
    {
        if (record.Length < sizeof(THead))
        {
            throw new InvalidDataException($"A record has {record.Length} bytes; {typeof(THead).Name} has {sizeof(THead)}.");
        }
        _data = GC.AllocateUninitializedArray<byte>(record.Length);
        record.CopyTo(_data);
        _bootUtcTicks = bootUtcTicks;
    }

    public ref readonly THead Head => ref Unsafe.As<byte, THead>(ref MemoryMarshal.GetArrayDataReference(_data));

    public ref readonly TaskInfo Task => ref Unsafe.As<byte, TaskInfo>(ref MemoryMarshal.GetArrayDataReference(_data));

    public DateTimeOffset Time => BootClock.ToLocalTime(_bootUtcTicks, Task.Time);

    public string Name => Text(Task.Name);

    public string CgroupPath => Path(0, Task.CgroupPathLength);

    public ContainerClaim Container => ContainerClaim.Of(Task.CgroupId, Bytes(0, Task.CgroupPathLength));

    public bool IsTruncated => (Task.Flags & RecordFlags.RecordTruncated) != 0;

    /// <summary>Bytes behind the head, from an offset there.</summary>
    public unsafe ReadOnlySpan<byte> Bytes(int offset, uint length)
    {
        ReadOnlySpan<byte> behind = _data.AsSpan(sizeof(THead));
        return offset >= behind.Length ? default : behind.Slice(offset, (int)Math.Min(length, (uint)(behind.Length - offset)));
    }

    /// <summary>A string behind the head, up to its NUL; null when it has no bytes.</summary>
    public string? Text(int offset, uint length)
    {
        ReadOnlySpan<byte> bytes = Bytes(offset, length);
        return bytes.IsEmpty ? null : UpToNul(bytes);
    }

    /// <summary>
    /// A path behind the head: components from the leaf upwards, each with a NUL, and an empty one for the root.
    /// Empty when it has no bytes.
    /// </summary>
    public string Path(int offset, uint length) => JoinPath(Bytes(offset, length));

    /// <summary>A fixed array of the head as a string, up to its NUL.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => UpToNul(bytes);

    private static string UpToNul(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    internal static string JoinPath(ReadOnlySpan<byte> components)
    {
        if (components.IsEmpty)
        {
            return "";
        }
        if (components[^1] == 0)
        {
            components = components[..^1];
        }
        if (components.IsEmpty)
        {
            return "/"; // the root alone
        }
        // Turned round: "b\0a\0" + root is "/a/b".
        Span<byte> path = components.Length <= 1024 ? stackalloc byte[components.Length] : new byte[components.Length];
        int end = 0;
        while (true)
        {
            int start = components.LastIndexOf((byte)0) + 1;
            components[start..].CopyTo(path[end..]);
            end += components.Length - start;
            if (start == 0)
            {
                return Encoding.UTF8.GetString(path[..end]);
            }
            path[end++] = (byte)'/';
            components = components[..(start - 1)];
        }
    }
}
