using System.Management.Automation;
using Ebee.Btf;
using Ebee.Events;
using Ebee.Maps;
using Ebee.PowerShell.Completion;
using Ebee.PowerShell.Formatting;
using Ebee.Programs;

namespace Ebee.PowerShell.Commands;

/// <summary>Streams the events of probes, and of maps that others own.</summary>
[Cmdlet(VerbsCommon.Get, "EbpfEvent", DefaultParameterSetName = "Name")]
[OutputType(typeof(EbpfStruct), typeof(string), typeof(byte[]))]
public sealed class GetEbpfEventCommand : StreamCommand
{
    private readonly List<EbpfProbe> _probes = [];
    private readonly List<EbpfMap> _maps = [];
    private readonly List<uint> _mapIds = [];
    private readonly List<IDisposable> _owned = [];

    /// <summary>The probes.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Probe", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfProbe[] Probe { get; set; } = [];

    /// <summary>Probes of these names; all that there are when none is given.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ProbeNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Probes of these ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ArgumentCompleter(typeof(ProbeIdCompleter))]
    public int[] Id { get; set; } = [];

    /// <summary>Maps: those of a probe, or any that the kernel holds.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Map", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfMap[] Map { get; set; } = [];

    /// <summary>Maps by the kernel's ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "MapId", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(EbpfMapIdCompleter))]
    public uint[] MapId { get; set; } = [];

    /// <summary>A map by its file under bpffs.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "PinPath")]
    [ValidateNotNullOrEmpty]
    [ValidatePath]
    public string[] PinPath { get; set; } = [];

    /// <summary>Only the events of these maps of the probes.</summary>
    [Parameter(ParameterSetName = "Probe")]
    [Parameter(ParameterSetName = "Name")]
    [Parameter(ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] MapName { get; set; } = [];

    /// <summary>The C type of the events: a name, a declaration, or a header that has it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? EventType { get; set; }

    /// <summary>Byte arrays in place of objects.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    /// <summary>Reads a map that is no probe's of this session, which takes the events from whoever reads it.</summary>
    [Parameter(ParameterSetName = "Map")]
    [Parameter(ParameterSetName = "MapId")]
    [Parameter(ParameterSetName = "PinPath")]
    public SwitchParameter Force { get; set; }

    /// <summary>Gathers what the pipeline gives: one stream is for all of it.</summary>
    protected override void ProcessRecord()
    {
        _probes.AddRange(Probe);
        _maps.AddRange(Map);
        _mapIds.AddRange(MapId);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _owned.ForEach(owned => owned.Dispose());
            _owned.Clear();
        }
        base.Dispose(disposing);
    }

    private protected override void Stream()
    {
        EventOptions options = new()
        {
            EventType = EventType is { } type && IsHeader(type) ? GetUnresolvedProviderPathFromPSPath(type) : EventType,
            Raw = Raw,
            OnWarning = WriteWarning,
            OnChoice = WriteVerbose,
        };
        List<(ProbeEvents Events, IReadOnlyList<string> Maps)> sources = Sources(out bool isMissing);
        if (sources.Count == 0)
        {
            if (isMissing)
            {
                return; // which was said
            }
            throw new EbpfException(EbpfError.ProbeNotFound, "There is no probe to read events of.", "Start one: Start-EbpfProbe ./program.bpf.o | Get-EbpfEvent.");
        }
        using IEventSource<object> source = EventReading.Open(sources, options);
        _owned.Add(source);
        ProbeEvents[] events = [.. sources.Select(s => s.Events)];
        EventLoss loss = new(events, WriteWarning);
        if (source is EventReader reader)
        {
            reader.OnTick = loss.Report;
        }
        WriteVerbose(TerminalText.Escape($"Attached: reading the events of {string.Join(", ", events.Select(e => e.Owner))}."));
        StructViews views = new(InvokeCommand);
        long seen = 0;
        foreach (object read in EventStream.Read(source, EventLimit, TimeLimit, StopToken))
        {
            views.Prepare(read);
            WriteObject(read);
            seen++;
        }
        if (!Stopping)
        {
            loss.Finish();
            WriteVerbose($"Detached: {seen} events read.");
        }
    }

    private static bool IsHeader(string type) => !type.Contains('{', StringComparison.Ordinal)
        && (type.Contains('/', StringComparison.Ordinal) || type.EndsWith(".h", StringComparison.Ordinal));

    private List<(ProbeEvents, IReadOnlyList<string>)> Sources(out bool isMissing)
    {
        isMissing = false;
        EbpfMap[] found = ParameterSetName switch
        {
            "Map" => [.. _maps],
            "MapId" => [.. _mapIds.Select(MapSelection.ById)],
            "PinPath" => [.. PinPath.Select(path => MapSelection.ByPin(GetUnresolvedProviderPathFromPSPath(path)))],
            _ => [],
        };
        if (ParameterSetName is "Name" or "Id")
        {
            _probes.AddRange(ProbeSelection.Find(this, Name, Id, out isMissing));
        }
        List<(ProbeEvents, IReadOnlyList<string>)> sources = [.. _probes.Distinct().Select(probe => (probe.Events, (IReadOnlyList<string>)MapName))];
        foreach (EbpfMap map in found)
        {
            // By its id: a map of a probe is the probe's, however it was found.
            if (SessionProbes.All.FirstOrDefault(probe => probe.Maps.Values.Any(own => own.Id == map.Id)) is { } owner)
            {
                sources.Add((owner.Events, [owner.Maps.First(own => own.Value.Id == map.Id).Key]));
            }
            else
            {
                ProbeEvents events = ForeignMap.Open(map, Force);
                _owned.Add(events);
                sources.Add((events, []));
            }
        }
        return sources;
    }
}
