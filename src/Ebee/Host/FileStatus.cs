using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Host;

/// <summary>What a file is, who owns it and who may write it, which .NET's file API does not tell.</summary>
/// <param name="Device">The file system's number.</param>
/// <param name="Inode">The file's number there.</param>
/// <param name="User">Its owner.</param>
/// <param name="Group">Its group.</param>
/// <param name="Mode">Its type and its mode.</param>
/// <param name="Names">How many names it has (hard links).</param>
internal readonly unsafe partial record struct FileStatus(ulong Device, ulong Inode, uint User, uint Group, int Mode, uint Names)
{
    private const int AtFdcwd = -100;
    private const int NoFollow = 0x100, EmptyPath = 0x1000; // AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH
    private const uint Wanted = 0x11f; // STATX_TYPE, _MODE, _NLINK, _UID, _GID, _INO
    private const int TypeMask = 0xf000, OthersAll = 0x3f;

    /// <summary>Whether it is a folder.</summary>
    public bool IsFolder => (Mode & TypeMask) == 0x4000;

    /// <summary>Whether it is a symbolic link.</summary>
    public bool IsLink => (Mode & TypeMask) == 0xa000;

    /// <summary>Whether it is a file with content of its own: not a device, nor a pipe, which would be waited for.</summary>
    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    /// <summary>What it is, for messages.</summary>
    public string Kind => (Mode & TypeMask) switch
    {
        0x1000 => "a FIFO",
        0x2000 or 0x6000 => "a device",
        0x4000 => "a folder",
        0x8000 => "a file",
        0xa000 => "a link",
        0xc000 => "a socket",
        _ => "something else",
    };

    /// <summary>Whether this process acts as root.</summary>
    public static bool IsRoot => Native.LibC.geteuid() == 0;

    /// <summary>What a path leads to; null when nothing is there.</summary>
    public static FileStatus? Of(string path) => Read(AtFdcwd, path, 0);

    /// <summary>What a path names, a link itself where it is one; null when nothing is there.</summary>
    public static FileStatus? OfEntry(string path) => Read(AtFdcwd, path, NoFollow);

    /// <summary>What a name in an open folder names, a link itself where it is one; null when nothing is there.</summary>
    public static FileStatus? OfEntry(SafeFileHandle folder, string name) => Read((int)folder.DangerousGetHandle(), name, NoFollow);

    /// <summary>What an open file is.</summary>
    public static FileStatus? Of(SafeFileHandle file) => Read((int)file.DangerousGetHandle(), "", EmptyPath);

    /// <summary>Whether it is a file with content of its own, links followed.</summary>
    public static bool IsRegularFile(string path) => Of(path) is { IsRegular: true };

    /// <summary>
    /// Whether nobody but this user and root can change what is in a folder, nor put another in its place: it is this user's
    /// with mode 0700, and nobody else may rename it or what is above it.
    /// </summary>
    public static bool IsPrivateFolder(string path) =>
        OfEntry(path) is { IsFolder: true } status && status.User == Native.LibC.geteuid() && (status.Mode & OthersAll) == 0 && FileTrust.Doubt(path) is null;

    private static FileStatus? Read(int folder, string path, int flags)
    {
        Statx buffer;
        return statx(folder, path, flags, Wanted, &buffer) == 0
            ? new FileStatus((ulong)buffer.DeviceMajor << 32 | buffer.DeviceMinor, buffer.Inode, buffer.User, buffer.Group, buffer.Mode, buffer.Names)
            : null;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, Statx* buffer);

    // struct statx (include/uapi/linux/stat.h), the same on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(16)]
        public uint Names;

        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
