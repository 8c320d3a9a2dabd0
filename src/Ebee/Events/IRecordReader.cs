using System.Runtime.InteropServices;

namespace Ebee.Events;

/// <summary>
/// Reads records out of one map that the kernel's side writes into, in order. One thread reads; any may ask for the counts. Who
/// disposes of it sees to it that nobody reads meanwhile; afterwards it throws <see cref="ObjectDisposedException"/>.
/// </summary>
internal interface IRecordReader : IDisposable
{
    /// <summary>The descriptors of which one becomes readable when there is a record.</summary>
    SafeHandle[] PollHandles { get; }

    /// <summary>Records that found no room, as the kernel counts them; null where it does not.</summary>
    long? Lost { get; }

    /// <summary>Bytes of records that nobody has read, with their heads.</summary>
    long PendingBytes { get; }

    /// <summary>Bytes of the buffer; of a buffer for each CPU, of one of these.</summary>
    long BufferSize { get; }

    /// <summary>While set, what was there when it was set can be read and no more.</summary>
    bool IsFrozen { set; }

    /// <summary>Follows CPUs that came online or went. The reading thread calls it every second; whether <see cref="PollHandles"/> changed.</summary>
    /// <exception cref="EbpfException">A new CPU's buffer could not be made.</exception>
    bool FollowProcessors() => false; // one buffer for all CPUs

    /// <summary>The next record, valid until the next call; false when there is none yet.</summary>
    bool TryRead(out ReadOnlySpan<byte> record);

    /// <summary>Gives the room of the record that was read last back to the kernel.</summary>
    void Release();
}
