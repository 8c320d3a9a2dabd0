namespace Ebee.Events;

/// <summary>
/// Reads records of any size out of one map that the kernel's side writes into. One thread reads; <see cref="Wake"/>, the
/// counts and <see cref="PendingBytes"/> are for all.
/// </summary>
internal interface IRecordReader : IDisposable
{
    /// <summary>The descriptors of which one becomes readable when there is a record.</summary>
    IReadOnlyList<int> PollFds { get; }

    /// <summary>Records that found no room, as the kernel counts them; null where it does not.</summary>
    long? Lost { get; }

    /// <summary>Bytes of records that nobody has read, with their heads.</summary>
    long PendingBytes { get; }

    /// <summary>Bytes of the buffer; of a buffer for each CPU, of one of these.</summary>
    long BufferSize { get; }

    /// <summary>While set, what was there when it was set can be read and no more.</summary>
    bool IsFrozen { set; }

    /// <summary>The next record, valid until the next call; false when there is none yet.</summary>
    bool TryRead(out ReadOnlySpan<byte> record);

    /// <summary>Gives the room of the record that was read last back to the kernel.</summary>
    void Release();

    /// <summary>Waits until there may be a record, the time is over, or <see cref="Wake"/> was called.</summary>
    /// <param name="timeoutMs">Milliseconds; -1 waits for ever.</param>
    void Wait(int timeoutMs);

    /// <summary>Ends a <see cref="Wait"/>, now or the next one. Any thread may call it.</summary>
    void Wake();
}
