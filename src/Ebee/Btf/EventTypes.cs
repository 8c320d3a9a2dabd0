using System.Text.RegularExpressions;

namespace Ebee.Btf;

/// <summary>Finds the C type of an object's events among its types.</summary>
internal static partial class EventTypes
{
    /// <summary>
    /// The value type of a map's definition (<c>__type(value, struct event)</c>); null when it names none. The kernel and libbpf
    /// take a type of a ring for no more than its size.
    /// </summary>
    public static BtfType? Declared(BtfBlob types, string map)
    {
        if (types.Types.FirstOrDefault(t => t.Kind == BtfKind.Variable && t.Name == map) is not { } variable
            || types.Resolve(variable.Target) is not { Kind: BtfKind.Struct } definition)
        {
            return null;
        }
        foreach (BtfMember member in definition.Members)
        {
            if (member.Name == "value" && types.Resolve(member.Type) is { Kind: BtfKind.Pointer } pointer)
            {
                return types.Types[pointer.Target];
            }
        }
        return null;
    }

    /// <summary>
    /// The structs of a size that an event can be: those that have a name, of their own or by a typedef. The running kernel's are
    /// none, which a program has because it reads them; it may declare a few of their fields alone.
    /// </summary>
    public static IReadOnlyList<BtfType> OfSize(BtfBlob types, int size)
    {
        using KernelTypes kernel = new();
        List<BtfType> found = [.. types.Types.Where(t => t.Kind is BtfKind.Struct or BtfKind.Union && t.Name.Length > 0 && t.Size == size)];
        foreach (BtfType typedef in types.Types.Where(t => t.Kind == BtfKind.Typedef))
        {
            if (types.Resolve(typedef.Target) is { Kind: BtfKind.Struct or BtfKind.Union, Name: "" } unnamed && unnamed.Size == size)
            {
                found.Add(typedef);
            }
        }
        found.RemoveAll(type => kernel.StructSize(type.Name) == size);
        List<BtfType> own = found.FindAll(type => kernel.StructSize(type.Name) < 0);
        return own.Count > 0 ? own : found;
    }

    /// <summary>
    /// Of types of one size, the one that the events have; null when that cannot be told. A type of a map's entries or of a global
    /// variable, with a name that says nothing of events, has that size by chance.
    /// </summary>
    public static BtfType? Choose(BtfBlob types, IReadOnlyList<BtfType> candidates)
    {
        BtfType[] plain = [.. candidates.Where(type => EventName().IsMatch(type.Name))];
        return plain.Length == 1 ? plain[0]
            : candidates.Count == 1 && !StoredTypes(types).Contains(types.Resolve(candidates[0].Id).Id) ? candidates[0]
            : null;
    }

    /// <summary>The type of a name, with or without <c>struct</c>, <c>union</c> or <c>enum</c> before it; null when there is none.</summary>
    public static BtfType? Named(BtfBlob types, string name)
    {
        string[] words = name.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        BtfKind[] kinds = words switch
        {
            [_] => [BtfKind.Struct, BtfKind.Union, BtfKind.Typedef, BtfKind.Int, BtfKind.Enum, BtfKind.Enum64],
            ["struct", _] => [BtfKind.Struct],
            ["union", _] => [BtfKind.Union],
            ["enum", _] => [BtfKind.Enum, BtfKind.Enum64],
            _ => [],
        };
        return kinds.Select(kind => types.Find(kind, words[^1])).FirstOrDefault(type => type is not null);
    }

    /// <summary>The names of the structs that may be meant.</summary>
    public static IEnumerable<string> Names(BtfBlob types) => types.Types
        .Where(type => type.Kind is BtfKind.Struct && type.Name.Length > 0).Select(type => type.Name)
        .OrderByDescending(name => EventName().IsMatch(name)).Distinct();

    private static HashSet<int> StoredTypes(BtfBlob types)
    {
        HashSet<int> stored = [];
        foreach ((int variable, _, _) in types.Types.Where(type => type.Kind == BtfKind.DataSection).SelectMany(section => section.Variables))
        {
            BtfType type = types.Resolve(types.Types[variable].Target);
            stored.Add(type.Id);
            foreach (BtfMember member in type.Name.Length == 0 ? type.Members : [])
            {
                if (types.Resolve(member.Type) is { Kind: BtfKind.Pointer } pointer)
                {
                    stored.Add(types.Resolve(pointer.Target).Id); // of a map's definition
                }
            }
        }
        return stored;
    }

    [GeneratedRegex("event|evt|record|sample|message|data_t$|entry$", RegexOptions.IgnoreCase)]
    private static partial Regex EventName();
}
