using System.Management.Automation;
using Ebee.Btf;
using Ebee.Maps;

namespace Ebee.PowerShell.Commands;

/// <summary>Removes entries of eBPF maps, and takes the next one out of queues and stacks.</summary>
[Cmdlet(VerbsCommon.Remove, "EbpfMapEntry", DefaultParameterSetName = "Map", SupportsShouldProcess = true)]
[OutputType(typeof(EbpfMapEntry))]
public sealed class RemoveEbpfMapEntryCommand : MapEntryChangeCommand
{
    /// <summary>Writes the removed entries.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void Process(MapAccess access)
    {
        object? key = GivenKey;
        EbpfMap map = access.Layout.Map;
        if (access.Layout.IsQueue)
        {
            if (ShouldProcess($"{map}", "Take the next value out"))
            {
                Write(access.Pop() ?? throw MapErrors.Empty(map));
            }
            return;
        }
        if (key is null)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"A key is missing for the map {map}.", "Give it with -Key; or remove all entries with Clear-EbpfMap.");
        }
        string name = ValueText.Of(key is EbpfMapEntry given ? given.Key : key);
        if (ShouldProcess($"{map}", $"Remove the entry {name}"))
        {
            EbpfMapEntry? removed = key as EbpfMapEntry ?? (PassThru ? access.Get(key) : null);
            if (!access.Remove(key))
            {
                throw MapErrors.Missing(map, name);
            }
            Write(removed);
        }
    }

    private void Write(EbpfMapEntry? entry)
    {
        if (PassThru && entry is not null)
        {
            WriteObject(entry);
        }
    }
}
