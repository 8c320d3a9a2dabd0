using System.Management.Automation;

namespace Ebee.PowerShell.Commands;

/// <summary>What every cmdlet that streams is: how its stream ends, and that nothing is left of it then.</summary>
public abstract class StreamCommand : StoppableCommand
{
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

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        try
        {
            Stream();
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            // the pipeline is being stopped
        }
        catch (EbpfException e)
        {
            ThrowTerminatingError(EbpfErrorRecord.From(e, MyInvocation.MyCommand.Name));
        }
    }

    /// <summary>Runs the stream, to its end.</summary>
    private protected abstract void Stream();
}
