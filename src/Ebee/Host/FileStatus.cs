using System.Runtime.InteropServices;

namespace Ebee.Host;

/// <summary>What a file is, who owns it and who may write it, which .NET's file API does not tell.</summary>
internal static unsafe partial class FileStatus
{
    private const int AtFdcwd = -100;
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint TypeModeUser = 0xb; // STATX_TYPE | STATX_MODE | STATX_UID
    private const int TypeMask = 0xf000, Folder = 0x4000, Regular = 0x8000;
    private const int Sticky = 0x200, OtherWrite = 2, OthersWrite = 0x12, OthersAll = 0x3f;

    /// <summary>
    /// Whether nobody but this user and root can change what is in a folder, nor put another in its place: it is this user's
    /// with mode 0700, and nobody else may rename it or what is above it.
    /// </summary>
    /// <param name="path">A folder, without a symbolic link on the way.</param>
    public static bool IsPrivateFolder(string path)
    {
        uint me = geteuid();
        if (!Read(path, NoFollow, out uint owner, out int mode) || (mode & TypeMask) != Folder || owner != me || (mode & OthersAll) != 0)
        {
            return false;
        }
        for (string? above = Path.GetDirectoryName(path); above is not null; above = Path.GetDirectoryName(above))
        {
            if (!Read(above, NoFollow, out owner, out mode) || (mode & TypeMask) != Folder || (owner != me && owner != 0)
                || ((mode & OthersWrite) != 0 && (mode & Sticky) == 0))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Whether every user may put files into a folder.</summary>
    public static bool IsWorldWritable(string folder) => Read(folder, 0, out _, out int mode) && (mode & OtherWrite) != 0;

    /// <summary>Whether it is a file with content of its own: no device, nor a pipe, which would be waited for.</summary>
    public static bool IsRegularFile(string path) => Read(path, 0, out _, out int mode) && (mode & TypeMask) == Regular;

    /// <summary>Whether this process acts as root.</summary>
    public static bool IsRoot => geteuid() == 0;

    private static bool Read(string path, int flags, out uint owner, out int mode)
    {
        Statx buffer;
        bool isThere = statx(AtFdcwd, path, flags, TypeModeUser, &buffer) == 0;
        (owner, mode) = isThere ? (buffer.Owner, buffer.Mode) : (0, 0);
        return isThere;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, Statx* buffer);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    // struct statx (include/uapi/linux/stat.h), the same on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(20)]
        public uint Owner;

        [FieldOffset(28)]
        public ushort Mode;
    }
}
