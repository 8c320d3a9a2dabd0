using System.Runtime.InteropServices;
using Ebee.Programs;

namespace Ebee.Native;

/// <summary>The descriptors that this process may still open.</summary>
internal static class Descriptors
{
    private const int OpenFiles = 7; // RLIMIT_NOFILE

    /// <summary>How many this process may have in all.</summary>
    public static unsafe ulong Limit
    {
        get
        {
            LibC.ResourceLimit limit;
            return LibC.getrlimit(OpenFiles, &limit) == 0 ? limit.Current : 0;
        }
    }

    /// <summary>
    /// Sees that so many are left, by having them for a moment. Where one is missing later, libbpf and .NET say that what they could
    /// not open is not there.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="what">What needs them, as the subject of a sentence: "execsnoop cannot start".</param>
    /// <exception cref="EbpfException">Fewer are left.</exception>
    public static void Require(int count, string what)
    {
        Span<int> held = stackalloc int[count];
        int first = LibC.eventfd(0, LibC.EfdCloexec), errno = first < 0 ? Marshal.GetLastPInvokeError() : 0, next = 0;
        for (; errno == 0 && next < count - 1; next++)
        {
            held[next] = LibC.Duplicate(first);
            if (held[next] < 0)
            {
                errno = Marshal.GetLastPInvokeError();
                break;
            }
        }
        foreach (int fd in held[..next])
        {
            _ = LibC.close(fd);
        }
        if (first >= 0)
        {
            _ = LibC.close(first);
        }
        if (errno != 0)
        {
            throw KernelErrors.Exhausted(what, errno);
        }
    }
}
