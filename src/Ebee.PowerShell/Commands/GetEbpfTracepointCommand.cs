using System.Management.Automation;
using Ebee.Host;
using Ebee.PowerShell.Completion;

namespace Ebee.PowerShell.Commands;

/// <summary>Lists the kernel's tracepoints with their fields.</summary>
[Cmdlet(VerbsCommon.Get, "EbpfTracepoint")]
[OutputType(typeof(EbpfTracepoint))]
public sealed class GetEbpfTracepointCommand : EbeeCommand
{
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private string _tracefs = "";
    private string[] _names = [];

    /// <summary>Only these: category:name or the name alone, with wildcards.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TracepointNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            _tracefs = Tracefs.Folder();
            _names = Tracepoints.Names(_tracefs);
        }
        catch (EbpfException e)
        {
            ThrowTerminatingError(EbpfErrorRecord.From(e, MyInvocation.MyCommand.Name));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            if (NamePattern.TryOf(this, name) is not { } pattern)
            {
                continue;
            }
            bool hasCategory = name.Contains(':', StringComparison.Ordinal), isFound = false;
            foreach (string full in _names)
            {
                if (Stopping)
                {
                    return;
                }
                if (pattern.IsMatch(hasCategory ? full : full[(full.IndexOf(':', StringComparison.Ordinal) + 1)..]))
                {
                    isFound = true;
                    Write(full);
                }
            }
            if (!isFound && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteError(EbpfErrorRecord.From(Tracepoints.NotFound(name, _names), name));
            }
        }
    }

    private void Write(string full)
    {
        if (!_written.Add(full))
        {
            return;
        }
        try
        {
            if (Tracepoints.Read(_tracefs, full) is { } tracepoint)
            {
                WriteObject(tracepoint);
            }
        }
        catch (EbpfException e)
        {
            WriteError(EbpfErrorRecord.From(e, full));
        }
    }
}
