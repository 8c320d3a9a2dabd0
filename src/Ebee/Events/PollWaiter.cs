using System.Runtime.InteropServices;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>Waits for one of some descriptors to become readable, until another thread says stop.</summary>
internal sealed unsafe class PollWaiter : IDisposable
{
    private readonly SafeFileHandle _wake;

    /// <summary>Makes the eventfd that ends a wait.</summary>
    public PollWaiter()
    {
        int fd = LibC.eventfd(0, LibC.EfdCloexec | LibC.EfdNonblock);
        _wake = fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelErrors.Exhausted("An eventfd could not be made", Marshal.GetLastPInvokeError());
    }

    /// <summary>Waits until one of the descriptors may be readable, the time is over, or <see cref="Wake"/> was called.</summary>
    /// <param name="handles">The descriptors, which are kept open meanwhile.</param>
    /// <param name="timeoutMs">Milliseconds; -1 waits for ever.</param>
    /// <exception cref="ObjectDisposedException">One of them is closed, or this is disposed.</exception>
    public void Wait(ReadOnlySpan<SafeHandle> handles, int timeoutMs)
    {
        int count = handles.Length + 1, held = 0;
        Span<LibC.PollFd> polled = count <= 64 ? stackalloc LibC.PollFd[count] : new LibC.PollFd[count];
        using HandleUse wake = new(_wake);
        polled[0] = new LibC.PollFd { Fd = wake.Fd, Events = LibC.PollIn };
        try
        {
            for (; held < handles.Length; held++)
            {
                bool added = false;
                handles[held].DangerousAddRef(ref added);
                polled[held + 1] = new LibC.PollFd { Fd = (int)handles[held].DangerousGetHandle(), Events = LibC.PollIn };
            }
            fixed (LibC.PollFd* first = polled)
            {
                if (LibC.poll(first, (nuint)count, timeoutMs) > 0 && first->ReturnedEvents != 0)
                {
                    ulong wakes;
                    _ = LibC.read(wake.Fd, &wakes, sizeof(ulong));
                }
            }
            // After EINTR, too, the caller looks at its reasons to stop and comes back.
        }
        finally
        {
            foreach (SafeHandle handle in handles[..held])
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>Ends a <see cref="Wait"/>, now or the next one. Any thread may call it, also when this is disposed.</summary>
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
