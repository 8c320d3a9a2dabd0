using Ebee.Bindings;
using Ebee.Events;
using Ebee.Host;
using Ebee.Maps;
using Ebee.Programs;

namespace Ebee.Tracers;

/// <summary>
/// A tracer at work. The kernel's ring is the queue: events that nobody reads yet stay there, and what no longer
/// fits is counted. Disposing detaches at once; nothing stays behind, and any thread may do it: whoever reads then gets an
/// <see cref="ObjectDisposedException"/>.
/// </summary>
/// <typeparam name="TEvent">The event's class.</typeparam>
public sealed class Probe<TEvent> : IProbe, IEventSource<TEvent> where TEvent : class
{
    private readonly Lock _lock = new(); // held where the kernel's memory and descriptors are used
    private readonly LoadedObject _loaded;
    private readonly Func<string, bool> _isEvent;
    private readonly RingBufferReader _reader;
    private readonly PollWaiter _waiter = new();
    private readonly EventDecoder _decode;
    private long _bootUtcTicks = BootClock.BootUtcTicks();
    private bool _detached;
    private bool _disposed;

    internal delegate TEvent EventDecoder(ReadOnlySpan<byte> record, long bootUtcTicks);

    /// <param name="loaded">The object, attached.</param>
    /// <param name="reader">The reader of its ring.</param>
    /// <param name="hook">The step's name.</param>
    /// <param name="skippedHooks">The steps before it.</param>
    /// <param name="isEvent">Whether each run of a program of this name is an event that was asked for.</param>
    /// <param name="decode">Makes an event of a record.</param>
    internal Probe(LoadedObject loaded, RingBufferReader reader, string hook, IReadOnlyList<string> skippedHooks, Func<string, bool> isEvent, EventDecoder decode)
    {
        _loaded = loaded;
        _reader = reader;
        _decode = decode;
        _isEvent = isEvent;
        Hook = hook;
        SkippedHooks = skippedHooks;
    }

    /// <summary>The step of the hook ladder in use, such as <c>tp_btf</c>.</summary>
    public string Hook { get; }

    /// <summary>The better steps that this kernel does not offer, each with the reason.</summary>
    public IReadOnlyList<string> SkippedHooks { get; }

    /// <summary>What the events lack since a better step could not be used; null when nothing, or when the step was asked for.</summary>
    public string? Shortcoming { get; internal init; }

    /// <summary>Bytes of the ring buffer.</summary>
    public long BufferSize => _reader.Size;

    /// <summary>Events handed out so far.</summary>
    public long Seen { get; private set; }

    /// <summary>Events that were in the ring at the end and that nobody wanted any more.</summary>
    public long Discarded { get; private set; }

    /// <summary>
    /// Events that happened and are not shown, as counted last: at most a second old while a stream runs, final after
    /// it.
    /// </summary>
    public long Lost { get; private set; }

    /// <summary>
    /// How often it is not known whether there was an event that was asked for: the kernel passed over a program that was at work on
    /// the same CPU already, or did not show whether a rename destroyed a file. Counted like <see cref="Lost"/>, and not in it.
    /// </summary>
    public long Unknown { get; private set; }

    /// <summary>Of <see cref="Lost"/>, those that found the ring full. The others found a map full or their CPU busy.</summary>
    public long LostToFullRing { get; private set; }

    /// <summary>
    /// Called on the reading thread when <see cref="Lost"/> has grown, at most every second, while a stream runs; not
    /// at its end.
    /// </summary>
    public Action<IProbe>? OnLost { get; set; }

    /// <summary>Bytes that were ever put into the ring.</summary>
    internal ulong ProducedBytes => _reader.Produced;

    /// <summary>
    /// Streams events until one of the limits or until cancelled. Then the programs are detached; with a duration
    /// what was caught until then is still handed out, else it counts as <see cref="Discarded"/>.
    /// </summary>
    /// <param name="maxEvents">The stream ends after so many; null does not end it.</param>
    /// <param name="duration">The stream ends after so long; null does not end it.</param>
    /// <param name="cancellation">Ends the stream at once.</param>
    public IEnumerable<TEvent> Read(long? maxEvents = null, TimeSpan? duration = null, CancellationToken cancellation = default) =>
        EventStream.Read(this, maxEvents, duration, cancellation);

    IEnumerable<object> IProbe.Read(long? maxEvents, TimeSpan? duration, CancellationToken cancellation) =>
        Read(maxEvents, duration, cancellation);

    /// <summary>Detaches the programs and waits until the last event is in the ring. What is there can still be read.</summary>
    public void Detach()
    {
        lock (_lock)
        {
            if (!_detached)
            {
                _detached = true;
                _loaded.Detach();
            }
        }
    }

    /// <summary>Detaches, and frees the ring.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _disposed = true;
                _reader.Dispose();
                _loaded.Dispose();
            }
        }
        _waiter.Wake(); // who waits comes back, and is told
        _waiter.Dispose();
    }

    bool IEventSource<TEvent>.TryRead(out TEvent? result)
    {
        lock (_lock)
        {
            if (!_reader.TryRead(out ReadOnlySpan<byte> record))
            {
                result = null;
                return false;
            }
            result = _decode(record, _bootUtcTicks);
            Seen++;
            return true;
        }
    }

    void IEventSource<TEvent>.Wait(int timeoutMs) => _waiter.Wait(_reader.PollHandles, timeoutMs);

    void IEventSource<TEvent>.Wake() => _waiter.Wake();

    void IEventSource<TEvent>.Stop() => Detach();

    void IEventSource<TEvent>.Finish()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return; // by another thread, or by whoever left the stream as it was
            }
            Detach();
            while (_reader.TryRead(out _))
            {
                Discarded++;
            }
            CountLost();
        }
    }

    void IEventSource<TEvent>.Tick()
    {
        _bootUtcTicks = BootClock.BootUtcTicks();
        long before = Lost + Unknown;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            CountLost();
        }
        if (Lost + Unknown > before)
        {
            OnLost?.Invoke(this);
        }
    }

    private void CountLost()
    {
        BpfMap lost = _loaded.Map("lost");
        (ulong events, ulong unknown) = _loaded.RecursionMisses(_isEvent);
        Unknown = (long)(unknown + lost.SumPerCpu((uint)LostReason.LostUnknown));
        LostToFullRing = (long)lost.SumPerCpu((uint)LostReason.LostRingFull);
        Lost = LostToFullRing + (long)(lost.SumPerCpu((uint)LostReason.LostMapFull) + lost.SumPerCpu((uint)LostReason.LostBusy) + events);
    }
}
