using Ebee.Native;

namespace Ebee.Cli;

/// <summary>Where events go; each is flushed at once when no other waits behind it.</summary>
internal abstract class EventOutput : IDisposable
{
    private const int StandardOutput = 1;
    private readonly Stream _stream = Console.OpenStandardOutput();

    /// <summary>Writes what comes before the first event.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>
    /// Calls back, on another thread, when whoever reads the output has gone: a stream without events would else not
    /// notice.
    /// </summary>
    public static unsafe void WatchReader(Action gone) => new Thread(() =>
    {
        LibC.PollFd output = new() { Fd = StandardOutput };
        while (LibC.poll(&output, 1, -1) <= 0)
        {
        }
        gone();
    }, maxStackSize: 256 << 10) { IsBackground = true }.Start();

    /// <summary>Writes an event.</summary>
    public abstract void Write(object e);

    public virtual void Dispose() => _stream.Dispose();

    protected void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Write(bytes);
            _stream.Flush();
        }
        catch (IOException e)
        {
            throw new EndOfOutputException(e);
        }
    }
}

/// <summary>Standard output was closed or cannot be written.</summary>
internal sealed class EndOfOutputException(IOException inner) : Exception(inner.Message, inner)
{
    private const int Epipe = 32;

    /// <summary>Whether it was a pipe whose reader has gone.</summary>
    public bool IsPipe => InnerException!.HResult == Epipe;
}
