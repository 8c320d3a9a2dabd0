using System.Management.Automation;
using Ebee.Maps;
using Ebee.PowerShell.Completion;

namespace Ebee.PowerShell.Commands;

/// <summary>What the cmdlets have in common that work on the entries of maps.</summary>
public abstract class MapEntryCommand : EbeeCommand
{
    /// <summary>The maps, as Get-EbpfMap or a probe gives them.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Map", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfMap[] Map { get; set; } = [];

    /// <summary>The maps of these names.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EbpfMapNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The maps of these ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(EbpfMapIdCompleter))]
    public uint[] MapId { get; set; } = [];

    /// <summary>The maps that are pinned as these files.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "PinPath")]
    [ValidateNotNullOrEmpty]
    [ValidatePath]
    public string[] PinPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (EbpfMap map in Select())
        {
            Try(map, () =>
            {
                using MapAccess access = new(map);
                Process(access);
                return true;
            });
        }
    }

    /// <summary>Does the cmdlet's work on one map.</summary>
    private protected abstract void Process(MapAccess access);

    /// <summary>Does something whose failure is an error that does not end the cmdlet.</summary>
    private protected T? Try<T>(object target, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (EbpfException e) when (e.Error == EbpfError.MapNotFound && target is EbpfMap && ParameterSetName == "Name" && Name.All(WildcardPattern.ContainsWildcardCharacters))
        {
            return default; // others' maps come and go, and this one has gone since it was listed
        }
        catch (EbpfException e)
        {
            WriteError(EbpfErrorRecord.From(e, target));
            return default;
        }
    }

    private IEnumerable<EbpfMap> Select() => ParameterSetName switch
    {
        "Name" => Name.SelectMany(name => Try(name, () => MapSelection.ByName(name, WriteWarning)) ?? []),
        "Id" => MapId.Select(id => Try(id, () => MapSelection.ById(id))).OfType<EbpfMap>(),
        "PinPath" => PinPath.Select(path => Try(path, () => MapSelection.ByPin(GetUnresolvedProviderPathFromPSPath(path)))).OfType<EbpfMap>(),
        _ => Map,
    };
}
