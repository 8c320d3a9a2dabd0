using Ebee.Bindings;
using Ebee.Events;
using Ebee.Host;
using Ebee.Maps;
using Ebee.Programs;

namespace Ebee.Tracers;

/// <summary>
/// A tracer at work. The kernel's ring is the queue: events that nobody reads yet stay there, and what no longer
/// fits is counted. Disposing detaches at once; nothing stays behind.
/// </summary>
/// <typeparam name="TEvent">The event's class.</typeparam>
public sealed class Probe<TEvent> : IProbe, IEventSource<TEvent> where TEvent : class
{
    private readonly LoadedObject _loaded;
    private readonly RingBufferReader _reader;
    private readonly PollWaiter _waiter = new();
    private readonly EventDecoder _decode;
    private long _bootUtcTicks = BootClock.BootUtcTicks();
    private bool _detached;
    private bool _disposed;

    internal delegate TEvent EventDecoder(ReadOnlySpan<byte> record, long bootUtcTicks);

    internal Probe(LoadedObject loaded, RingBufferReader reader, string hook, IReadOnlyList<string> skippedHooks, EventDecoder decode)
    {
        _loaded = loaded;
        _reader = reader;
        _decode = decode;
        Hook = hook;
        SkippedHooks = skippedHooks;
    }

    /// <summary>The step of the hook ladder in use, such as <c>tp_btf</c>.</summary>
    public string Hook { get; }

    /// <summary>The better steps that this kernel does not offer, each with the reason.</summary>
    public IReadOnlyList<string> SkippedHooks { get; }

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
        if (!_detached)
        {
            _detached = true;
            _loaded.Detach();
        }
    }

    /// <summary>Detaches, and frees the ring.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _reader.Dispose();
            _waiter.Dispose();
            _loaded.Dispose();
        }
    }

    bool IEventSource<TEvent>.TryRead(out TEvent? result)
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

    void IEventSource<TEvent>.Wait(int timeoutMs) => _waiter.Wait(_reader.PollFds, timeoutMs);

    void IEventSource<TEvent>.Wake() => _waiter.Wake();

    void IEventSource<TEvent>.Stop() => Detach();

    void IEventSource<TEvent>.Finish()
    {
        Detach();
        while (_reader.TryRead(out _))
        {
            Discarded++;
        }
        CountLost();
    }

    void IEventSource<TEvent>.Tick()
    {
        _bootUtcTicks = BootClock.BootUtcTicks();
        long before = Lost;
        CountLost();
        if (Lost > before)
        {
            OnLost?.Invoke(this);
        }
    }

    private void CountLost()
    {
        BpfMap lost = _loaded.Map("lost");
        LostToFullRing = (long)lost.SumPerCpu((uint)LostReason.LostRingFull);
        Lost = LostToFullRing + (long)(lost.SumPerCpu((uint)LostReason.LostMapFull) + lost.SumPerCpu((uint)LostReason.LostBusy)
            + lost.SumPerCpu((uint)LostReason.LostUnknown) + _loaded.RecursionMisses());
    }
}
