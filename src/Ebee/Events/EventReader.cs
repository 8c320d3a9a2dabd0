using System.Runtime.InteropServices;

namespace Ebee.Events;

/// <summary>
/// Reads the events of probes: the one reader of their buffers while it lives. What is not read stays in them. Each buffer's
/// events come in order, and the buffers take turns.
/// </summary>
internal sealed class EventReader : IEventSource<object>
{
    private readonly PollWaiter _waiter = new();
    private readonly List<ProbeEvents> _acquired = [];
    private readonly List<Source> _sources = [];
    private SafeHandle[] _pollHandles = [];
    private int _next;

    /// <summary>Becomes the reader of these.</summary>
    /// <param name="chosen">The probes, each with those of its buffers that are wanted, and what makes objects of their records.</param>
    /// <exception cref="EbpfException">One of them has a reader, or is stopped.</exception>
    public EventReader(IEnumerable<(ProbeEvents Events, IReadOnlyList<(EventBuffer Buffer, RecordDecoder Decoder)> Buffers)> chosen)
    {
        try
        {
            foreach ((ProbeEvents events, IReadOnlyList<(EventBuffer, RecordDecoder)> buffers) in chosen)
            {
                events.Acquire(_waiter.Wake);
                _acquired.Add(events);
                foreach ((EventBuffer buffer, RecordDecoder decoder) in buffers)
                {
                    _sources.Add(new Source(events, buffer.Open(), decoder));
                }
            }
            Follow();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Called on the reading thread about every second.</summary>
    public Action? OnTick { get; set; }

    /// <summary>The probe has stopped, and its last event is read.</summary>
    public bool IsOver { get; private set; }

    /// <inheritdoc/>
    public bool TryRead(out object? result)
    {
        // Asked first: what was written until then is found below.
        bool isLast = _acquired.TrueForAll(events => events.IsClosed);
        for (int i = 0; i < _sources.Count; i++)
        {
            Source source = _sources[_next];
            _next = _next + 1 == _sources.Count ? 0 : _next + 1;
            if (source.Reader.TryRead(out ReadOnlySpan<byte> record))
            {
                result = source.Decoder.Decode(record);
                source.Events.Count();
                return true;
            }
        }
        IsOver = isLast;
        result = null;
        return false;
    }

    /// <inheritdoc/>
    public void Wait(int timeoutMs) => _waiter.Wait(_pollHandles, timeoutMs);

    /// <inheritdoc/>
    public void Wake() => _waiter.Wake();

    /// <inheritdoc/>
    public void Tick()
    {
        bool changed = false;
        foreach (Source source in _sources)
        {
            changed |= source.Reader.FollowProcessors();
        }
        if (changed)
        {
            Follow();
        }
        OnTick?.Invoke();
    }

    // The programs stay attached: what they write from now on is for the next reader.
    /// <inheritdoc/>
    public void Stop() => _sources.ForEach(source => source.Reader.IsFrozen = true);

    /// <inheritdoc/>
    public void Finish()
    {
        foreach (Source source in _sources)
        {
            source.Reader.Release();
            source.Reader.IsFrozen = false;
        }
    }

    /// <summary>Lets another become the reader.</summary>
    public void Dispose()
    {
        _acquired.ForEach(events => events.Leave());
        _acquired.Clear();
        _waiter.Dispose();
    }

    private void Follow() => _pollHandles = [.. _sources.SelectMany(source => source.Reader.PollHandles)];

    private readonly record struct Source(ProbeEvents Events, IRecordReader Reader, RecordDecoder Decoder);
}
