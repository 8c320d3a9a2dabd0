using System.Runtime.InteropServices;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Host;

/// <summary>Reads files whose paths come from outside: opening a FIFO would wait for a writer, and a device may do anything.</summary>
internal static class RegularFile
{
    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="IOException">It is not there, not a regular file, or may not be read.</exception>
    public static SafeFileHandle Open(string path)
    {
        if (FileStatus.Of(path) is { IsRegular: false } other)
        {
            throw NotRegular(other);
        }
        // It may be another one by now.
        int fd = LibC.open(path, LibC.OpenNonblock | LibC.OpenCloexec | LibC.OpenNoTerminal, 0);
        if (fd < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw errno is Errno.Eacces or Errno.Eperm ? new IOException("this user may not read it", new UnauthorizedAccessException())
                : new IOException(errno == Errno.Enoent ? "it is not there" : Errno.Name(errno));
        }
        SafeFileHandle file = new(fd, ownsHandle: true);
        if (FileStatus.Of(file) is { IsRegular: true })
        {
            return file;
        }
        file.Dispose();
        throw NotRegular(FileStatus.Of(path) ?? default);
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="IOException">As <see cref="Open"/>; or it is too long.</exception>
    public static byte[] Read(string path, long limit)
    {
        using SafeFileHandle file = Open(path);
        long length = RandomAccess.GetLength(file);
        if (length > limit)
        {
            throw new IOException($"it has {length} bytes");
        }
        byte[] content = new byte[length];
        int read = 0;
        for (int n; read < length && (n = RandomAccess.Read(file, content.AsSpan(read), read)) > 0;)
        {
            read += n;
        }
        return read == length ? content : content[..read];
    }

    private static IOException NotRegular(FileStatus status) => new($"it is {status.Kind}");
}
