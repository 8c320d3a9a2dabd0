using System.Runtime.InteropServices;

namespace Ebee.Host;

/// <summary>Inode numbers and owners, which .NET's file API does not give.</summary>
internal static unsafe partial class Inodes
{
    private const int AtFdcwd = -100;
    private const uint StatxMode = 0x2, StatxUid = 0x8, StatxGid = 0x10, StatxIno = 0x100;

    /// <summary>The inode number of a file or folder; 0 when it is not there.</summary>
    public static ulong Of(string path)
    {
        Statx buffer;
        return statx(AtFdcwd, path, 0, StatxIno, &buffer) == 0 ? buffer.Inode : 0;
    }

    /// <summary>Who owns a file or folder, and its mode; null when it is not there. Links are followed.</summary>
    public static (uint User, uint Group, int Mode)? AccessOf(string path)
    {
        Statx buffer;
        return statx(AtFdcwd, path, 0, StatxMode | StatxUid | StatxGid, &buffer) == 0 ? (buffer.User, buffer.Group, buffer.Mode) : null;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, Statx* buffer);

    // struct statx (include/uapi/linux/stat.h), the same on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;
    }
}
