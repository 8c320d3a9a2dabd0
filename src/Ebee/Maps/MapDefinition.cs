using Ebee.Btf;

namespace Ebee.Maps;

/// <summary>
/// What an object's source says of a map's keys and values. The kernel is not told it for all types of maps: not for
/// queues, stacks and sockets.
/// </summary>
internal static class MapDefinition
{
    private const int KernelNameLength = 15; // what is longer, the kernel has cut

    /// <summary>The types of <c>__type(key, …)</c> and <c>__type(value, …)</c>; 0 where the source has none.</summary>
    public static (int Key, int Value) TypesOf(BtfBlob types, string map)
    {
        int[] variables = [.. types.Types.Where(type => type.Kind == BtfKind.DataSection && type.Name == ".maps").SelectMany(type => type.Variables).Select(v => v.Variable)];
        int variable = Array.Find(variables, id => types.Types.ElementAtOrDefault(id)?.Name == map);
        if (variable == 0 && map.Length == KernelNameLength)
        {
            int[] longer = Array.FindAll(variables, id => types.Types.ElementAtOrDefault(id)?.Name.StartsWith(map, StringComparison.Ordinal) == true);
            variable = longer.Length == 1 ? longer[0] : 0;
        }
        if (variable == 0 || types.Types[variable].Kind != BtfKind.Variable || types.Resolve(types.Types[variable].Target) is not { Kind: BtfKind.Struct } definition)
        {
            return default;
        }
        return (Target("key"), Target("value"));

        int Target(string name)
        {
            BtfMember member = Array.Find(definition.Members, m => m.Name == name);
            return member.Name == name && types.Resolve(member.Type) is { Kind: BtfKind.Pointer } pointer ? pointer.Target : 0;
        }
    }
}
