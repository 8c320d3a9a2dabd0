using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Native;

/// <summary>The system calls that .NET has no interface for.</summary>
internal static unsafe partial class LibC
{
    private const string Library = "libc";

    internal const int ProtRead = 1;
    internal const int ProtWrite = 2;
    internal const int MapShared = 1;
    internal const int MapPrivate = 2;
    internal const int MapAnonymous = 0x20;
    internal const uint MfdCloexec = 1;
    internal const short PollIn = 1;
    internal const short PollOut = 4;
    internal const int EfdCloexec = 0x80000;
    internal const int EfdNonblock = 0x800;
    internal const int OpenNonblock = 0x800;
    internal const int OpenNoTerminal = 0x100;
    internal const int OpenCloexec = 0x80000;
    internal const int ClockRealtime = 0;
    internal const int ClockBoottime = 7;

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        public int Fd;
        public short Events;
        public short ReturnedEvents;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        public ulong Current;
        public ulong Maximum;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Passwd
    {
        public byte* Name;
        public byte* Password;
        public uint UserId;
        public uint GroupId;
        public byte* Comment;
        public byte* HomeDirectory;
        public byte* Shell;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint mmap(nint address, nuint length, int protection, int flags, SafeHandle fd, long offset);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int memfd_create(string name, uint flags);

    [LibraryImport(Library)]
    internal static partial int munmap(nint address, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int poll(PollFd* fds, nuint count, int timeoutMs);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int openat(int folder, string name, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkdirat(int folder, string name, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unlinkat(int folder, string name, int flags);

    [LibraryImport(Library)]
    internal static partial nint write(SafeHandle fd, void* data, nuint length);

    [LibraryImport(Library)]
    internal static partial nint write(int fd, void* data, nuint length);

    /// <exception cref="ObjectDisposedException">The descriptor is closed: its number may be another file's.</exception>
    [LibraryImport(Library)]
    internal static partial nint write(SafeFileHandle file, void* data, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(SafeHandle fd, void* data, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(int fd, void* data, nuint length);

    /// <exception cref="ObjectDisposedException">The descriptor is closed: its number may be another file's.</exception>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(SafeFileHandle file, void* data, nuint length);

    [LibraryImport(Library)]
    internal static partial int close(int fd);

    /// <summary>Another descriptor of the same file, which a program that this process starts does not inherit.</summary>
    internal static int Duplicate(int fd) => fcntl(fd, FDupFdCloexec, 0);

    private const int FGetFd = 1, FdCloexec = 1;
    private const int FDupFdCloexec = 1030;

    /// <summary>Whether a descriptor was closed when this process began: what it has now is open, if at all, for this program alone.</summary>
    internal static bool WasClosed(int fd) => fcntl(fd, FGetFd, 0) is var flags && (flags < 0 || (flags & FdCloexec) != 0);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);

    [LibraryImport(Library)]
    internal static partial int uname(byte* name);

    [LibraryImport(Library)]
    internal static partial uint geteuid();

    [LibraryImport(Library)]
    internal static partial uint getegid();

    /// <summary>The path without links; the buffer has 4,096 bytes.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte* realpath(string path, byte* buffer);

    [LibraryImport(Library)]
    internal static partial int getrlimit(int resource, ResourceLimit* limit);

    // struct statfs begins with f_type, a long; it has 120 bytes.
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statfs(string path, long* result);

    [LibraryImport(Library)]
    internal static partial int clock_gettime(int clock, TimeSpec* time);

    [LibraryImport(Library)]
    internal static partial int vsnprintf(byte* buffer, nuint size, byte* format, nint arguments);

    [LibraryImport(Library)]
    internal static partial int getpwuid_r(uint id, Passwd* entry, byte* buffer, nuint size, Passwd** result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int getpwnam_r(string name, Passwd* entry, byte* buffer, nuint size, Passwd** result);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial long syscall(long number, long first, long second, long third);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    internal static partial long syscall5(long number, long first, long second, long third, long fourth, long fifth);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint if_nametoindex(string name);

    [LibraryImport(Library)]
    internal static partial byte* if_indextoname(uint index, byte* name);
}
