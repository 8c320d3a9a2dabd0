using System.Runtime.InteropServices;
using System.Text;

namespace Ebee.Tests.Support;

/// <summary>System calls as the tests make them: paths are bytes, and a failure is an exception.</summary>
internal static unsafe partial class Sys
{
    public const int AtFdcwd = -100;
    public const int AtSymlinkNofollow = 0x100;
    public const int AtRemoveDir = 0x200;
    public const int OPath = 0x200000;
    public const int ODirectory = 0x10000;
    public const int OCloexec = 0x80000;
    public const int OCreate = 0x40;
    public const int OWriteOnly = 1;
    public const uint RenameNoReplace = 1;
    public const uint RenameExchange = 2;
    public const uint RenameWhiteout = 4;
    public const int CloneNewNs = 0x20000;
    public const int CloneFs = 0x200;
    public const ulong MsReadOnly = 1;
    public const ulong MsRemount = 32;
    public const ulong MsBind = 4096;
    public const ulong MsRecursive = 16384;
    public const ulong MsPrivate = 1 << 18;

    /// <summary>A path with its NUL.</summary>
    public static byte[] Bytes(string path) => [.. Encoding.UTF8.GetBytes(path), 0];

    public static void Check(long result, string what)
    {
        if (result < 0)
        {
            throw new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    public static void Mount(string source, string target, string type, ulong flags = 0, string data = "") =>
        Check(mount(source, target, type, flags, data), $"mount {target}");

    /// <summary>Moves the time of day by so much.</summary>
    public static void StepClock(TimeSpan step)
    {
        long ticks = (DateTime.UtcNow - DateTime.UnixEpoch + step).Ticks;
        long* time = stackalloc long[] { ticks / TimeSpan.TicksPerSecond, ticks % TimeSpan.TicksPerSecond * 100 };
        Check(clock_settime(0, time), "clock_settime");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_settime(int clock, long* time);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlink(byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlinkat(int folder, byte[] path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int rmdir(byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int rename(byte[] from, byte[] to);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int rename(byte[] from, nint to);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat2(int fromFolder, byte[] from, int toFolder, byte[] to, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mkdirat(int folder, byte[] path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int openat(int folder, byte[] path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int link(byte[] from, byte[] to);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int chdir(byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchdir(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int chroot(byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    public static partial int gettid();

    [LibraryImport("libc")]
    public static partial int getsid(int process);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int symlink(byte[] target, byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mkfifo(byte[] path, uint mode);

    /// <summary>A file's inode number, and its device as major:minor; links are not followed.</summary>
    public static (ulong Inode, string Device) Stat(byte[] path)
    {
        byte* buffer = stackalloc byte[256]; // struct statx
        Check(statx(AtFdcwd, path, AtSymlinkNofollow, 0x7ff, buffer), "statx");
        return (*(ulong*)(buffer + 32), $"{*(uint*)(buffer + 136)}:{*(uint*)(buffer + 140)}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int folder, byte[] path, int flags, uint mask, byte* buffer);
}
