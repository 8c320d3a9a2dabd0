using Ebee.Native;

namespace Ebee.Cli;

/// <summary>
/// Standard output. Each event is written at once; while nobody takes it, a reason to stop still ends the wait.
/// </summary>
internal abstract unsafe class EventOutput : IDisposable
{
    private const int StandardOutput = 1;
    private const int PipeBuffer = 4096; // PIPE_BUF: so much does not block when poll says that something can be written
    private const int StopCheckMs = 50;
    private readonly Stream _stream = Console.OpenStandardOutput();

    /// <summary>Looked at while the output is blocked: it is given up when this says so.</summary>
    public Func<bool> IsOver { get; init; } = static () => false;

    /// <summary>Writes what comes before the first event.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>
    /// Calls back, on another thread, when whoever reads the output has gone: a stream without events would else not
    /// notice.
    /// </summary>
    public static void WatchReader(Action gone) => new Thread(() =>
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
            while (!bytes.IsEmpty)
            {
                LibC.PollFd output = new() { Fd = StandardOutput, Events = LibC.PollOut };
                while (LibC.poll(&output, 1, StopCheckMs) <= 0)
                {
                    if (IsOver())
                    {
                        throw new OperationCanceledException();
                    }
                }
                ReadOnlySpan<byte> piece = bytes[..Math.Min(bytes.Length, PipeBuffer)];
                _stream.Write(piece);
                bytes = bytes[piece.Length..];
            }
            _stream.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EndOfOutputException(e);
        }
    }
}

/// <summary>Standard output was closed or cannot be written.</summary>
internal sealed class EndOfOutputException(Exception inner) : Exception(inner.Message, inner)
{
    private const int Epipe = 32;

    /// <summary>Whether it was a pipe whose reader has gone.</summary>
    public bool IsPipe => InnerException!.HResult == Epipe;
}
