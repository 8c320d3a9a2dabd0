using System.Runtime.InteropServices;
using Ebee.Events;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Host;

/// <summary>
/// Reads the kernel's trace_pipe. What is read there is gone for everybody else. Only what is handed out is taken: an
/// entry at a time.
/// </summary>
internal sealed unsafe class TracePipe : IEventSource<EbpfTraceMessage>
{
    private const int DrainMs = 100; // how long what has no stamp is given out after the end

    private readonly string _tracefs;
    private readonly PollWaiter _waiter = new();
    private readonly byte[] _entry = new byte[1 << 16];
    private readonly SafeFileHandle _pipe;
    private bool _isAfterBreak; // what comes next may be the rest of an entry
    private TraceClock _clock;
    private double _last = double.PositiveInfinity; // the stamp after which the stream is over
    private long _stoppedAt = long.MaxValue;
    private bool _isOver;

    /// <summary>Opens it.</summary>
    /// <exception cref="EbpfException">It is not there, not allowed, or somebody reads it.</exception>
    public TracePipe()
    {
        try
        {
            _tracefs = Tracefs.Folder();
            Path = System.IO.Path.Combine(_tracefs, "trace_pipe");
            _clock = TraceClock.Now(_tracefs);
            int fd = LibC.open(Path, LibC.OpenNonblock | LibC.OpenCloexec, 0);
            if (fd < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                throw errno == Errno.Ebusy
                    ? new EbpfException(EbpfError.TraceBusy, $"Somebody else reads the trace pipe {Tracefs.Shown(Path)}, and the kernel allows one reader.",
                        $"End the other reader; it is shown by: fuser -v {Tracefs.Shown(Path)}")
                    : Tracefs.CannotRead(Path, Errno.Name(errno), errno is Errno.Eperm or Errno.Eacces);
            }
            _pipe = new SafeFileHandle(fd, ownsHandle: true);
        }
        catch
        {
            _waiter.Dispose();
            throw;
        }
    }

    /// <summary>The pipe's path.</summary>
    public string Path { get; }

    /// <summary>The trace's clock, such as local.</summary>
    public string Clock => TraceClock.Name(_tracefs);

    /// <summary>Messages handed out.</summary>
    public long Seen { get; private set; }

    /// <summary>Entries that the kernel overwrote before they were read, as it says.</summary>
    public long Lost { get; private set; }

    /// <summary>Called on the reading thread when <see cref="Lost"/> has grown.</summary>
    public Action? OnLost { get; set; }

    /// <inheritdoc/>
    public bool TryRead(out EbpfTraceMessage? result)
    {
        while (TryReadEntry(out ReadOnlySpan<byte> entry, out bool isWhole))
        {
            result = TraceLine.Parse(entry, _clock, isWhole, out long lost);
            if (lost > 0)
            {
                Lost += lost;
                OnLost?.Invoke();
            }
            if (result is not null)
            {
                _isOver |= IsLate(result);
                Seen++;
                return true;
            }
        }
        result = null;
        return false;
    }

    /// <inheritdoc/>
    public void Wait(int timeoutMs) => _waiter.Wait([_pipe], timeoutMs);

    /// <inheritdoc/>
    public void Wake() => _waiter.Wake();

    /// <inheritdoc/>
    public void Tick() => _clock = TraceClock.Now(_tracefs);

    // Others go on writing. What is later than now is not this stream's.
    /// <inheritdoc/>
    public void Stop() => (_last, _stoppedAt) = (TraceClock.Now(_tracefs).Stamp, Environment.TickCount64);

    /// <inheritdoc/>
    public void Finish()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pipe.Dispose();
        _waiter.Dispose();
    }

    private bool IsLate(EbpfTraceMessage message) => message.TimestampSeconds is { } stamp && !double.IsNaN(_last)
        ? stamp > _last
        : Environment.TickCount64 - _stoppedAt > DrainMs;

    // Who asks for one byte makes the kernel take one entry out of its buffer; the second read gives the rest of that, which is
    // all that one thread wrote at once, however many lines it has.
    private bool TryReadEntry(out ReadOnlySpan<byte> entry, out bool isWhole)
    {
        entry = default;
        isWhole = !_isAfterBreak;
        if (_isOver)
        {
            return false;
        }
        fixed (byte* to = _entry)
        {
            int length = Read(to, 1);
            // After a line break there may be nothing more of the entry, and then the rest would be that of all others.
            _isAfterBreak = length == 1 && *to == '\n';
            length += length == 1 && !_isAfterBreak ? Read(to + 1, _entry.Length - 1) : 0;
            entry = _entry.AsSpan(0, length);
            return length > 0;
        }
    }

    private int Read(byte* to, int count)
    {
        nint read;
        int errno = 0;
        do
        {
            read = LibC.read(_pipe, to, (nuint)count);
            errno = read < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (errno == Errno.Eintr);
        return errno is 0 ? (int)read : errno == Errno.Eagain ? 0 : throw Tracefs.CannotRead(Path, Errno.Name(errno), errno is Errno.Eperm or Errno.Eacces);
    }
}
