using System.Runtime.InteropServices;
using Ebee.Native;

namespace Ebee.Events;

/// <summary>Waits for a descriptor to become readable, until another thread says stop.</summary>
internal sealed unsafe class PollWaiter : IDisposable
{
    private readonly int _wakeFd;
    private bool _disposed;

    /// <summary>Makes the eventfd that ends a wait.</summary>
    public PollWaiter()
    {
        _wakeFd = LibC.eventfd(0, LibC.EfdCloexec | LibC.EfdNonblock);
        if (_wakeFd < 0)
        {
            throw new EbpfException(EbpfError.MapFailed, $"Could not make an eventfd: {Errno.Name(Marshal.GetLastPInvokeError())}.",
                "Raise the limit of open files: ulimit -n.");
        }
    }

    /// <summary>Waits until the descriptor may be readable, the time is over, or <see cref="Wake"/> was called.</summary>
    /// <param name="fd">The descriptor.</param>
    /// <param name="timeoutMs">Milliseconds; -1 waits for ever.</param>
    public void Wait(int fd, int timeoutMs)
    {
        LibC.PollFd* fds = stackalloc LibC.PollFd[2];
        fds[0] = new LibC.PollFd { Fd = fd, Events = LibC.PollIn };
        fds[1] = new LibC.PollFd { Fd = _wakeFd, Events = LibC.PollIn };
        if (LibC.poll(fds, 2, timeoutMs) > 0 && fds[1].ReturnedEvents != 0)
        {
            ulong wakes;
            _ = LibC.read(_wakeFd, &wakes, sizeof(ulong));
        }
        // After EINTR, too, the caller looks at its reasons to stop and comes back.
    }

    /// <summary>Ends a <see cref="Wait"/>, now or the next one. Any thread may call it.</summary>
    public void Wake()
    {
        ulong one = 1;
        _ = LibC.write(_wakeFd, &one, sizeof(ulong));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ = LibC.close(_wakeFd);
        }
    }
}
