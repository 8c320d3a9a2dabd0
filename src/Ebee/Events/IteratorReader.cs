using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>
/// Runs iterator programs, each once over all that it iterates over, and reads their output: lines of text, or records. Linux
/// 5.8.
/// </summary>
internal sealed class IteratorReader : IEventSource<object>
{
    /// <summary>Bytes of a line of text that are given; of a longer one the rest is left out.</summary>
    public const int LongestLine = 1 << 16;

    /// <summary>What stands at the end of a line that was cut.</summary>
    public const string Cut = "… [cut]";

    private readonly object _news = new();
    private readonly Queue<IteratorRun> _runs;
    private IteratorRun _run = null!;
    private IteratorOutput? _output;
    private byte[] _buffer = new byte[2 * LongestLine];
    private int _start;
    private int _end;
    private bool _isInCutLine; // what comes up to the line's end was left out
    private bool _wasCut;
    private bool _isWaked;
    private bool _isStopped;
    private bool _isDisposed;

    /// <summary>Starts the first.</summary>
    public IteratorReader(IReadOnlyList<IteratorRun> runs)
    {
        _runs = new(runs);
        Next();
    }

    /// <inheritdoc/>
    public bool IsOver => _output!.IsAtEnd && _start == _end && _runs.Count == 0;

    /// <inheritdoc/>
    public bool TryRead(out object? result)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        while (!TryTake(out result))
        {
            if (_output!.IsAtEnd && _runs.Count > 0 && !_isStopped)
            {
                Next();
            }
            else if (_output.IsAtEnd || _isStopped || !Fill())
            {
                return false;
            }
        }
        _run.Count();
        return true;
    }

    /// <inheritdoc/>
    public void Wait(int timeoutMs)
    {
        lock (_news)
        {
            if (!_isWaked && !_output!.HasNews)
            {
                Monitor.Wait(_news, timeoutMs);
            }
        }
    }

    /// <inheritdoc/>
    public void Wake()
    {
        lock (_news)
        {
            _isWaked = true;
            Monitor.PulseAll(_news);
        }
    }

    /// <inheritdoc/>
    public void Tick()
    {
    }

    /// <summary>No more is read; of a line or a record that is not whole nothing is given.</summary>
    public void Stop() => _isStopped = true;

    /// <inheritdoc/>
    public void Finish()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _output?.Dispose();
    }

    // The next record or line of what is in the buffer.
    private bool TryTake(out object? result)
    {
        ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
        if (_run.RecordSize is { } size)
        {
            bool isWhole = rest.Length >= size, isLast = !isWhole && _output!.IsAtEnd && !rest.IsEmpty;
            result = isWhole ? _run.Decode(rest[..size]) : isLast ? rest.ToArray() : null;
            _start += isWhole ? size : isLast ? rest.Length : 0;
            return result is not null;
        }
        result = null;
        int end = rest.IndexOf((byte)'\n');
        if (_isInCutLine)
        {
            _start = end < 0 ? _end : _start + end + 1;
            _isInCutLine = end < 0;
            return end >= 0 && TryTake(out result);
        }
        int length = end >= 0 ? end : rest.Length;
        if (length > LongestLine)
        {
            result = CutLine(rest);
            _isInCutLine = end < 0;
        }
        else if (end >= 0 || (_output!.IsAtEnd && !rest.IsEmpty))
        {
            result = _run.Decode(rest[..length]);
        }
        else
        {
            return false;
        }
        _start = end >= 0 ? _start + end + 1 : _end;
        return true;
    }

    private object CutLine(ReadOnlySpan<byte> line)
    {
        if (!_wasCut)
        {
            _wasCut = true;
            _run.Warn($"The iterator {_run.Program.Name} writes lines of more than {LongestLine} bytes, and their ends are left out. " +
                "Have it end each line with \\n, or write structs (bpf_seq_write).");
        }
        int length = LongestLine;
        while (length > LongestLine - 4 && (line[length] & 0xc0) == 0x80)
        {
            length--; // a character is not cut
        }
        object decoded = _run.Decode(line[..length]);
        return decoded is string text ? text + Cut : decoded;
    }

    private void Next()
    {
        _output?.Dispose();
        _run = _runs.Dequeue();
        _output = new IteratorOutput(Create(_run.Program), _news);
        (_start, _end, _isInCutLine, _wasCut) = (0, 0, false, false);
    }

    private static SafeFileHandle Create(IteratorProgram program)
    {
        try
        {
            int fd = LibBpf.bpf_iter_create(program.Link);
            return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw Failed(program, "run", -fd);
        }
        catch (ObjectDisposedException e)
        {
            throw new EbpfException(EbpfError.ProbeNotFound, $"The probe of the iterator {program.Name} is stopped.",
                "Start it again: Start-EbpfProbe.", inner: e);
        }
    }

    // False when there is nothing more yet.
    private bool Fill()
    {
        ReadOnlySpan<byte> more = _output!.Take(out int errno);
        if (errno != 0)
        {
            throw Failed(_run.Program, "read", errno);
        }
        if (_end + more.Length > _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            if (_end + more.Length > _buffer.Length)
            {
                Array.Resize(ref _buffer, 2 * _buffer.Length); // for a record
            }
        }
        more.CopyTo(_buffer.AsSpan(_end));
        _end += more.Length;
        return !more.IsEmpty || _output.IsAtEnd;
    }

    private static EbpfException Failed(IteratorProgram program, string what, int errno) => new(EbpfError.MapFailed,
        $"Could not {what} the iterator {program.Name}: {Errno.Name(errno)}.",
        "Look at what the program returns: 0 goes on, 1 has it called once more for the same.");
}
