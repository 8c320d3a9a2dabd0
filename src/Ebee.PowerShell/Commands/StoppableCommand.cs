using System.Management.Automation;

namespace Ebee.PowerShell.Commands;

/// <summary>What every cmdlet whose work may take long is: it ends as soon as its pipeline is stopped.</summary>
public abstract class StoppableCommand : EbeeCommand, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Says that the pipeline is being stopped.</summary>
    private protected CancellationToken StopToken => _stop.Token;

    /// <summary>Ends the work and frees what it used. PowerShell promises to call this and nothing else.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _stop.Cancel();

    /// <summary>Frees what the work used.</summary>
    /// <param name="disposing">Whether it is not the finalizer that calls.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
        }
    }
}
