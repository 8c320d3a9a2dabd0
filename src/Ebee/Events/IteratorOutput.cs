using System.Runtime.InteropServices;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>
/// The output of one run of an iterator, read on a thread of its own: the kernel runs the program while it is read, for up to a
/// million of what it iterates over, and nothing ends that earlier.
/// </summary>
/// <param name="output">What bpf_iter_create gave; it is closed when the read that runs then has ended.</param>
/// <param name="news">What waits is waked by this object, which guards all that both threads use.</param>
internal sealed unsafe class IteratorOutput(SafeFileHandle output, object news) : IDisposable
{
    private readonly byte[] _piece = new byte[1 << 16]; // the kernel gives out at most half as much at once
    private Thread? _thread;
    private State _state;
    private int _length;
    private int _errno;

    private enum State
    {
        Idle,
        Asked,
        Read,
        Disposed,
    }

    /// <summary>Whether what was asked for can be taken. The caller holds the lock of the news.</summary>
    public bool HasNews => _state == State.Read;

    /// <summary>Whether all has been taken.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Takes what was read, which is valid until the next call, or asks for it; empty while it is not there yet.</summary>
    /// <param name="errno">Why it cannot be read; 0 when it can.</param>
    public ReadOnlySpan<byte> Take(out int errno)
    {
        errno = 0;
        lock (news)
        {
            switch (_state)
            {
                case State.Idle:
                    _state = State.Asked;
                    Monitor.PulseAll(news);
                    if (_thread is null)
                    {
                        _thread = new Thread(Run, maxStackSize: 256 << 10) { IsBackground = true };
                        _thread.Start();
                    }
                    return default;
                case State.Read:
                    _state = State.Idle;
                    // Then the kernel has looked at much and found nothing yet: it is to be asked again.
                    bool isToRepeat = _errno is Errno.Eagain or Errno.Eintr;
                    errno = isToRepeat ? 0 : _errno;
                    IsAtEnd = _length == 0 && !isToRepeat;
                    return _piece.AsSpan(0, _length);
                default:
                    return default;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (news)
        {
            if (_state != State.Asked)
            {
                output.Dispose(); // else the thread does it
            }
            _state = State.Disposed;
            Monitor.PulseAll(news);
        }
    }

    private void Run()
    {
        while (true)
        {
            lock (news)
            {
                while (_state is State.Idle or State.Read)
                {
                    Monitor.Wait(news);
                }
                if (_state == State.Disposed)
                {
                    output.Dispose();
                    return;
                }
            }
            fixed (byte* to = _piece)
            {
                nint read = LibC.read((int)output.DangerousGetHandle(), to, (nuint)_piece.Length);
                (_length, _errno) = read < 0 ? (0, Marshal.GetLastPInvokeError()) : ((int)read, 0);
            }
            lock (news)
            {
                if (_state == State.Asked)
                {
                    _state = State.Read;
                }
                Monitor.PulseAll(news);
            }
        }
    }
}
