using System.Runtime.InteropServices;

namespace Ebee.Host;

/// <summary>Inode numbers, which .NET's file API does not give.</summary>
internal static unsafe partial class Inodes
{
    private const int AtFdcwd = -100;
    private const uint StatxIno = 0x100;

    /// <summary>The inode number of a file or folder; 0 when it is not there.</summary>
    public static ulong Of(string path)
    {
        Statx buffer;
        return statx(AtFdcwd, path, 0, StatxIno, &buffer) == 0 ? buffer.Inode : 0;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, Statx* buffer);

    // struct statx (include/uapi/linux/stat.h), the same on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(32)]
        public ulong Inode;
    }
}
