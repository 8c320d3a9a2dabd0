using System.Management.Automation;
using Ebee.PowerShell.Completion;
using Ebee.Programs;

namespace Ebee.PowerShell.Commands;

/// <summary>Gets the probes of this session.</summary>
[Cmdlet(VerbsCommon.Get, "EbpfProbe", DefaultParameterSetName = "Name")]
[OutputType(typeof(EbpfProbe))]
public sealed class GetEbpfProbeCommand : EbeeCommand
{
    /// <summary>Only probes of these names.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ProbeNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The probes of these ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ProbeIdCompleter))]
    public int[] Id { get; set; } = [];

    /// <summary>The folders under bpffs of probes that this or another session has pinned.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "PinPath")]
    [ValidateNotNullOrEmpty]
    [ValidatePath]
    public string[] PinPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string folder in PinPath)
        {
            try
            {
                string path = GetUnresolvedProviderPathFromPSPath(folder);
                // Its own probe, if this session has it: stopped once, it is stopped for all.
                EbpfProbe? probe = SessionProbes.All.FirstOrDefault(p => p.PinPath == System.IO.Path.TrimEndingDirectorySeparator(path));
                if (probe is null)
                {
                    probe = EbpfProbe.FromPins(path);
                    SessionProbes.Add(probe);
                }
                WriteObject(probe);
            }
            catch (EbpfException e)
            {
                WriteError(EbpfErrorRecord.From(e, folder));
            }
        }
        if (ParameterSetName != "PinPath")
        {
            WriteObject(ProbeSelection.Find(this, Name, Id), enumerateCollection: true);
        }
    }
}
