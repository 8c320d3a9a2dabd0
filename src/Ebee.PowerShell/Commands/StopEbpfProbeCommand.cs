using System.Management.Automation;
using Ebee.PowerShell.Completion;
using Ebee.Programs;

namespace Ebee.PowerShell.Commands;

/// <summary>Stops probes: detaches and frees all of them, and removes their pins.</summary>
[Cmdlet(VerbsLifecycle.Stop, "EbpfProbe", DefaultParameterSetName = "Probe", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopEbpfProbeCommand : EbeeCommand
{
    /// <summary>The probes.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Probe", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfProbe[] Probe { get; set; } = [];

    /// <summary>Probes of these names.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ProbeNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Probes of these ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ProbeIdCompleter))]
    public int[] Id { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (EbpfProbe probe in ParameterSetName == "Probe" ? [.. Probe] : ProbeSelection.Find(this, Name, Id))
        {
            if (!ShouldProcess(probe.ToString(), "Detach its programs and free its maps"))
            {
                continue;
            }
            try
            {
                probe.Stop();
            }
            catch (EbpfException e)
            {
                WriteError(EbpfErrorRecord.From(e, probe));
            }
        }
    }
}
