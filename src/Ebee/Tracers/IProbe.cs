namespace Ebee.Tracers;

/// <summary>A tracer at work, whatever its events are; see <see cref="Probe{TEvent}"/>.</summary>
public interface IProbe : IDisposable
{
    /// <inheritdoc cref="Probe{TEvent}.Hook"/>
    string Hook { get; }

    /// <inheritdoc cref="Probe{TEvent}.SkippedHooks"/>
    IReadOnlyList<string> SkippedHooks { get; }

    /// <inheritdoc cref="Probe{TEvent}.Shortcoming"/>
    string? Shortcoming { get; }

    /// <inheritdoc cref="Probe{TEvent}.Seen"/>
    long Seen { get; }

    /// <inheritdoc cref="Probe{TEvent}.Discarded"/>
    long Discarded { get; }

    /// <inheritdoc cref="Probe{TEvent}.Lost"/>
    long Lost { get; }

    /// <inheritdoc cref="Probe{TEvent}.LostToFullRing"/>
    long LostToFullRing { get; }

    /// <inheritdoc cref="Probe{TEvent}.Unknown"/>
    long Unknown { get; }

    /// <inheritdoc cref="Probe{TEvent}.BufferSize"/>
    long BufferSize { get; }

    /// <inheritdoc cref="Probe{TEvent}.OnLost"/>
    Action<IProbe>? OnLost { get; set; }

    /// <inheritdoc cref="Probe{TEvent}.Detach"/>
    void Detach();

    /// <inheritdoc cref="Probe{TEvent}.Read"/>
    IEnumerable<object> Read(long? maxEvents, TimeSpan? duration, CancellationToken cancellation);
}
