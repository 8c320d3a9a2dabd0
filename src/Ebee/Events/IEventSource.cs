namespace Ebee.Events;

/// <summary>What <see cref="EventStream"/> reads. The kernel holds the queue; all is called on the reading thread but for Wake.</summary>
/// <typeparam name="TEvent">The event's class.</typeparam>
internal interface IEventSource<TEvent> : IDisposable where TEvent : class
{
    /// <summary>Whether there is no event and never will be.</summary>
    bool IsOver => false;

    /// <summary>The next event; false when there is none yet.</summary>
    bool TryRead(out TEvent? result);

    /// <summary>Waits until there may be an event, the time is over, or <see cref="Wake"/> was called.</summary>
    void Wait(int timeoutMs);

    /// <summary>Ends a <see cref="Wait"/>. Any thread may call it.</summary>
    void Wake();

    /// <summary>What is to be done about every second.</summary>
    void Tick();

    /// <summary>No event from now on: what is there already can still be read, and it has an end.</summary>
    void Stop();

    /// <summary>The stream has ended, in whatever way.</summary>
    void Finish();
}
