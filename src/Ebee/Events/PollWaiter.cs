using System.Runtime.InteropServices;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>Waits for one of some descriptors to become readable, until another thread says stop.</summary>
internal sealed unsafe class PollWaiter : IDisposable
{
    private readonly SafeFileHandle _wake;

    /// <summary>Makes the eventfd that ends a wait.</summary>
    public PollWaiter()
    {
        _wake = new SafeFileHandle(LibC.eventfd(0, LibC.EfdCloexec | LibC.EfdNonblock), ownsHandle: true);
        if (_wake.IsInvalid)
        {
            throw new EbpfException(EbpfError.MapFailed, $"Could not make an eventfd: {Errno.Name(Marshal.GetLastPInvokeError())}.",
                "Raise the limit of open files: ulimit -n.");
        }
    }

    /// <summary>Waits until the descriptor may be readable, the time is over, or <see cref="Wake"/> was called.</summary>
    /// <param name="fd">The descriptor.</param>
    /// <param name="timeoutMs">Milliseconds; -1 waits for ever.</param>
    public void Wait(int fd, int timeoutMs) => Wait([fd], timeoutMs);

    /// <summary>As <see cref="Wait(int, int)"/>, for any of several descriptors.</summary>
    public void Wait(ReadOnlySpan<int> fds, int timeoutMs)
    {
        int count = fds.Length + 1;
        Span<LibC.PollFd> polled = count <= 64 ? stackalloc LibC.PollFd[count] : new LibC.PollFd[count];
        for (int i = 0; i < fds.Length; i++)
        {
            polled[i + 1] = new LibC.PollFd { Fd = fds[i], Events = LibC.PollIn };
        }
        bool isHeld = false;
        try
        {
            _wake.DangerousAddRef(ref isHeld);
            polled[0] = new LibC.PollFd { Fd = (int)_wake.DangerousGetHandle(), Events = LibC.PollIn };
            fixed (LibC.PollFd* first = polled)
            {
                if (LibC.poll(first, (nuint)count, timeoutMs) > 0 && first->ReturnedEvents != 0)
                {
                    ulong wakes;
                    _ = LibC.read(first->Fd, &wakes, sizeof(ulong));
                }
            }
        }
        finally
        {
            if (isHeld)
            {
                _wake.DangerousRelease();
            }
        }
        // After EINTR, too, the caller looks at its reasons to stop and comes back.
    }

    /// <summary>Ends a <see cref="Wait(int, int)"/>, now or the next one. Any thread may call it.</summary>
    public void Wake()
    {
        ulong one = 1;
        try
        {
            _ = LibC.write(_wake, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // nobody waits any more
        }
    }

    /// <summary>Ends a wait of another thread, too.</summary>
    public void Dispose()
    {
        Wake();
        _wake.Dispose();
    }
}
