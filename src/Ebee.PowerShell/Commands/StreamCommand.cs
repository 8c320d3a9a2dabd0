using System.Management.Automation;

namespace Ebee.PowerShell.Commands;

/// <summary>What every cmdlet that streams is: how its stream ends, and that nothing is left of it then.</summary>
public abstract class StreamCommand : EbeeCommand, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>The stream ends after so many events.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long MaxEvents { get; set; }

    /// <summary>The stream ends after so long.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Duration { get; set; }

    /// <summary>MaxEvents, when it was given.</summary>
    private protected long? EventLimit => MyInvocation.BoundParameters.ContainsKey(nameof(MaxEvents)) ? MaxEvents : null;

    /// <summary>Duration, when it was given.</summary>
    private protected TimeSpan? TimeLimit => MyInvocation.BoundParameters.ContainsKey(nameof(Duration)) ? Duration : null;

    /// <summary>Says that the pipeline is being stopped.</summary>
    private protected CancellationToken StopToken => _stop.Token;

    /// <summary>Ends the stream and frees what it used. PowerShell promises to call this and nothing else.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        try
        {
            Stream();
        }
        catch (EbpfException e)
        {
            ThrowTerminatingError(EbpfErrorRecord.From(e, MyInvocation.MyCommand.Name));
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _stop.Cancel();

    /// <summary>Frees what the stream used.</summary>
    /// <param name="disposing">Whether it is not the finalizer that calls.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
        }
    }

    /// <summary>Runs the stream, to its end.</summary>
    private protected abstract void Stream();
}
