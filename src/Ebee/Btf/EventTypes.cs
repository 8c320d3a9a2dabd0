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

    /// <summary>As above, if it is a struct or a union: of a perf event array, it else names what the kernel keeps there.</summary>
    public static BtfType? DeclaredStruct(BtfBlob types, string map) =>
        Declared(types, map) is { } type && types.Resolve(type.Id).Kind is BtfKind.Struct or BtfKind.Union ? type : null;

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
        found.RemoveAll(type => kernel.StructSize(type.Name) == size || (type.Kind == BtfKind.Struct && type.Members.Length > 0 && IsKernels(types, type, kernel)));
        List<BtfType> own = found.FindAll(type => kernel.StructSize(type.Name) < 0);
        return own.Count > 0 ? own : found;
    }

    /// <summary>
    /// Of types of one size, the one that the events have: the only one, or the only one whose name says so, or the only one that is
    /// of no map and no global variable; null when that does not say which.
    /// </summary>
    public static BtfType? Choose(BtfBlob types, IReadOnlyList<BtfType> candidates, BtfBlob? variables = null) // which those of debug information lack
    {
        BtfType[] plain = [.. candidates.Where(type => EventName().IsMatch(type.Name))];
        if (plain.Length == 1)
        {
            return plain[0];
        }
        IReadOnlyList<BtfType> left = plain.Length > 0 ? plain : candidates;
        if (left.Select(type => types.Resolve(type.Id).Id).Distinct().Count() == 1)
        {
            return left[0];
        }
        HashSet<string> stored = StoredTypes(variables ?? types);
        return left.Where(type => !stored.Contains(type.Name) && !stored.Contains(types.Resolve(type.Id).Name)).ToArray() is [var own] ? own : null;
    }

    /// <summary>
    /// The struct of events whose size differs from one to the next; null when that does not say which: the only one of the program's own
    /// that ends with an array, and whose name says that it is an event.
    /// </summary>
    public static BtfType? ChooseAnySize(BtfBlob types)
    {
        using KernelTypes kernel = new();
        BtfType[] found = [.. types.Types.Where(type => type is { Kind: BtfKind.Struct, Members.Length: > 1 } && EventName().IsMatch(type.Name)
            && types.Resolve(type.Members[^1].Type).Kind == BtfKind.Array && kernel.StructSize(type.Name) < 0)];
        return found.DistinctBy(type => type.Name).Count() == 1 ? found[0] : null;
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
    public static IEnumerable<string> Names(BtfBlob types)
    {
        using KernelTypes kernel = new();
        return [.. types.Types.Where(type => type.Kind is BtfKind.Struct && type.Name.Length > 0 && !IsKernels(types, type, kernel)).Select(type => type.Name)
            .OrderByDescending(name => EventName().IsMatch(name)).Distinct()];
    }

    // As declared in vmlinux.h, or with a few of its fields: a program of its own kind has fields that the kernel's has not.
    private static bool IsKernels(BtfBlob types, BtfType type, KernelTypes kernel)
    {
        string name = type.Name.Split("___")[0]; // a flavour
        uint id = kernel.IdOf(BtfKind.Struct, name);
        return id != 0 && type.Members.All(member => member.Name.Length == 0 || kernel.MemberOf(id, member.Name) >= 0);
    }

    private static HashSet<string> StoredTypes(BtfBlob types)
    {
        HashSet<string> stored = new(StringComparer.Ordinal);
        foreach ((int variable, _, _) in types.Types.Where(type => type.Kind == BtfKind.DataSection).SelectMany(section => section.Variables))
        {
            BtfType type = types.Resolve(types.Types[variable].Target);
            stored.Add(type.Name);
            foreach (BtfMember member in type.Name.Length == 0 ? type.Members : [])
            {
                if (types.Resolve(member.Type) is { Kind: BtfKind.Pointer } pointer)
                {
                    stored.Add(types.Types[pointer.Target].Name); // of a map's definition
                    stored.Add(types.Resolve(pointer.Target).Name);
                }
            }
        }
        return stored;
    }

    [GeneratedRegex("event|evt|record|sample|message|data_t$|entry$", RegexOptions.IgnoreCase)]
    private static partial Regex EventName();
}
