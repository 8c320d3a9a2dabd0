namespace Ebee.Cli;

/// <summary>Where events go; each is flushed at once when no other waits behind it.</summary>
internal abstract class EventOutput : IDisposable
{
    private readonly Stream _stream = Console.OpenStandardOutput();

    /// <summary>Writes what comes before the first event.</summary>
    public virtual void Begin()
    {
    }

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
internal sealed class EndOfOutputException(IOException inner) : Exception(inner.Message, inner);
