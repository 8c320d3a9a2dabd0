using Ebee.Btf;
using Ebee.Programs;

namespace Ebee.Events;

/// <summary>
/// The events of a probe, or of one map: its buffers, which have one reader at a time, and what was read. They live until the
/// reader has left them, however early the probe is stopped: it takes what is left, and its stream ends.
/// </summary>
internal sealed class ProbeEvents : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Lazy<IReadOnlyList<BtfBlob>> _types;
    private Action? _wake; // of the reader
    private long _read;
    private long _lostAtEnd;
    private bool _isClosed;
    private bool _isFreed;

    /// <summary>Takes the buffers.</summary>
    /// <param name="owner">The probe or the map, for messages.</param>
    /// <param name="buffers">They.</param>
    /// <param name="types">The types that the events can have.</param>
    public ProbeEvents(string owner, IReadOnlyList<EventBuffer> buffers, Func<IReadOnlyList<BtfBlob>> types)
    {
        Owner = owner;
        Buffers = buffers;
        _types = new(types);
    }

    public string Owner { get; }

    public IReadOnlyList<EventBuffer> Buffers { get; }

    /// <summary>The probe's iterators, which are run when they are read.</summary>
    public IReadOnlyList<IteratorProgram> Iterators { get; init; } = [];

    public IReadOnlyList<BtfBlob> Types => _types.Value;

    /// <summary>Events that were handed out.</summary>
    public long Read => Volatile.Read(ref _read);

    /// <summary>Whether the probe is stopped: what is there is all that comes.</summary>
    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Events that found no room; null when there is a ring buffer, of which the kernel does not count them.</summary>
    public long? Lost => Buffers.All(buffer => buffer.IsPadded) ? LostOfPerfBuffers : null;

    /// <summary>Events that found no room in perf event arrays.</summary>
    public long LostOfPerfBuffers
    {
        get
        {
            lock (_lock)
            {
                return _isFreed ? _lostAtEnd : CountLost();
            }
        }
    }

    /// <summary>Bytes that wait to be read.</summary>
    public long PendingBytes
    {
        get
        {
            lock (_lock)
            {
                return _isFreed ? 0 : Buffers.Sum(buffer => (buffer.IsPadded ? buffer.Reader : buffer.Open())?.PendingBytes ?? 0);
            }
        }
    }

    /// <summary>Opens the perf event arrays, before the programs run: else the first events would be lost.</summary>
    /// <param name="except">Those of somebody else, which are taken over when they are read.</param>
    public void OpenPerfBuffers(IEnumerable<string> except)
    {
        foreach (EventBuffer buffer in Buffers.Where(buffer => buffer.IsPadded && !except.Contains(buffer.Name)))
        {
            _ = buffer.Open();
        }
    }

    /// <summary>Takes the right to read.</summary>
    /// <param name="wake">Ends a wait of the reader.</param>
    /// <exception cref="EbpfException">There is a reader, or the probe is stopped.</exception>
    public void Acquire(Action wake)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                throw new EbpfException(EbpfError.ProbeNotFound, $"{Owner} is stopped: its events are gone.", "List those that run: Get-EbpfProbe.");
            }
            if (_wake is not null)
            {
                throw new EbpfException(EbpfError.EventsBusy, $"Somebody else in this session reads the events of {Owner} already.",
                    "Each event goes to one reader: end the other Get-EbpfEvent first.");
            }
            _wake = wake;
        }
    }

    /// <summary>Gives it back.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _wake = null;
            Free();
        }
    }

    /// <summary>Counts an event that is handed out.</summary>
    public void Count() => Volatile.Write(ref _read, _read + 1);

    /// <summary>The probe has stopped. The buffers are freed now, or when the reader leaves.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _wake?.Invoke();
            Free();
        }
    }

    private void Free()
    {
        if (_isClosed && _wake is null && !_isFreed)
        {
            _lostAtEnd = CountLost();
            _isFreed = true;
            foreach (EventBuffer buffer in Buffers)
            {
                buffer.Dispose();
            }
        }
    }

    private long CountLost() => Buffers.Sum(buffer => buffer.Reader?.Lost ?? 0);
}
