using System.Runtime.InteropServices;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>
/// Runs iterator programs, each once over all that it iterates over, and reads their output: lines of text, or records. Linux
/// 5.8.
/// </summary>
internal sealed unsafe class IteratorReader : IEventSource<object>
{
    private const int SmallestBuffer = 1 << 16; // bytes; the kernel gives out at most half as much at once

    private readonly Queue<IteratorRun> _runs;
    private IteratorRun _run = null!;
    private SafeFileHandle? _output;
    private byte[] _buffer = new byte[SmallestBuffer];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>Starts the first.</summary>
    public IteratorReader(IReadOnlyList<IteratorRun> runs)
    {
        _runs = new(runs);
        Next();
    }

    /// <inheritdoc/>
    public bool IsOver => _isAtEnd && _start == _end && _runs.Count == 0;

    /// <inheritdoc/>
    public bool TryRead(out object? result)
    {
        while (true)
        {
            ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
            bool isText = _run.RecordSize is null;
            int length = _run.RecordSize ?? rest.IndexOf((byte)'\n');
            bool isWhole = length >= 0 && length < rest.Length + (isText ? 0 : 1);
            if (isWhole || (_isAtEnd && !rest.IsEmpty))
            {
                result = isWhole || isText ? _run.Decode(isWhole ? rest[..length] : rest) : rest.ToArray();
                _run.Count();
                _start = isWhole ? _start + length + (isText ? 1 : 0) : _end;
                return true;
            }
            if (_isAtEnd && _runs.Count > 0)
            {
                Next();
            }
            else if (_isAtEnd || !Fill())
            {
                result = null;
                return false;
            }
        }
    }

    /// <summary>There is no waiting: the program runs while it is read.</summary>
    public void Wait(int timeoutMs)
    {
    }

    /// <inheritdoc/>
    public void Wake()
    {
    }

    /// <inheritdoc/>
    public void Tick()
    {
    }

    /// <inheritdoc/>
    public void Stop()
    {
    }

    /// <inheritdoc/>
    public void Finish()
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _output?.Dispose();

    private void Next()
    {
        _output?.Dispose();
        _run = _runs.Dequeue();
        _output = Create(_run.Program);
        (_start, _end, _isAtEnd) = (0, 0, false);
    }

    private SafeFileHandle Create(IteratorProgram program)
    {
        try
        {
            int fd = LibBpf.bpf_iter_create(program.Link);
            return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw Failed("run", -fd);
        }
        catch (ObjectDisposedException e)
        {
            throw new EbpfException(EbpfError.ProbeNotFound, $"The probe of the iterator {program.Name} is stopped.", "Start it again: Start-EbpfProbe.", inner: e);
        }
    }

    // False when the kernel says that it has looked at much and found nothing yet: it is to be asked again.
    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
        fixed (byte* to = &_buffer[_end])
        {
            nint read = LibC.read(_output!, to, (nuint)(_buffer.Length - _end));
            if (read < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                return errno is Errno.Eagain or Errno.Eintr ? false : throw Failed("read", errno);
            }
            _end += (int)read;
            _isAtEnd = read == 0;
            return true;
        }
    }

    private EbpfException Failed(string what, int errno) => new(EbpfError.MapFailed, $"Could not {what} the iterator {_run.Program.Name}: {Errno.Name(errno)}.",
        "Look at what the program returns: 0 goes on, 1 has it called once more for the same.");
}
