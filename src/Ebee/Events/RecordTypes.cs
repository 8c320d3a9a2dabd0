using Ebee.Btf;
using Ebee.Programs;

namespace Ebee.Events;

/// <summary>Which C types the records of a map or of an iterator have.</summary>
internal static class RecordTypes
{
    private const string Hint = "name it with -EventType, or declare it: -EventType 'struct { int pid; char comm[16]; }'; or take bytes with -Raw. " +
        "An object's types have no struct that is only a local variable; one line makes it known: const struct event *unused __attribute__((unused));";

    /// <summary>
    /// They: the one that was given; or the one that the map's definition names and those whose sizes the programs write; for
    /// bytes none.
    /// </summary>
    /// <param name="source">The map's or the iterator's name.</param>
    /// <param name="isRing">Whether it is a ring buffer, whose definition may name a type.</param>
    /// <param name="outputs">Where programs write into it.</param>
    /// <param name="types">The object's types.</param>
    /// <param name="options">What was given.</param>
    /// <exception cref="EbpfException">There is none, or it cannot be told which.</exception>
    public static IReadOnlyList<BtfCodec> Find(string source, bool isRing, IReadOnlyList<EventOutput> outputs, IReadOnlyList<BtfBlob> types, EventOptions options)
    {
        if (options.Raw)
        {
            return [];
        }
        try
        {
            return options.EventType is ['/', ..] and var header ? FindByItself(source, isRing, outputs, [Header(header)], options)
                : options.EventType is { } given ? [Given(given, types)] : FindByItself(source, isRing, outputs, types, options);
        }
        catch (InvalidDataException e)
        {
            throw new EbpfException(EbpfError.InvalidBtf, $"The types of {source} cannot be used: {e.Message}", "Give the type: -EventType 'struct { … }'; or take bytes with -Raw.", inner: e);
        }
    }

    /// <summary>What to do about a record of so many bytes that is of no type that is known.</summary>
    public static string Advice(int size, bool isPadded, IReadOnlyList<BtfBlob> types)
    {
        const int Most = 20;
        // Of a padded record, what was written may be up to seven bytes less.
        string[] names = [.. Enumerable.Range(0, isPadded ? 8 : 1)
            .SelectMany(padding => types.SelectMany(blob => EventTypes.OfSize(blob, size - padding)).Select(type => $"{type.Name} ({type.Size} bytes)")).Distinct().Take(Most)];
        return (names.Length > 0 ? $"Name its type with -EventType; of that size is {string.Join(", ", names)}. " : "Name its type with -EventType. ") +
            "A struct that is the head of what is written takes the rest with an array without a length at its end: char rest[]; and -Raw gives bytes.";
    }

    private static List<BtfCodec> FindByItself(string source, bool isRing, IReadOnlyList<EventOutput> outputs, IReadOnlyList<BtfBlob> types, EventOptions options)
    {
        List<BtfCodec> found = [];
        List<string> tried = [];
        foreach (BtfBlob blob in types)
        {
            if ((isRing ? EventTypes.Declared(blob, source) : EventTypes.DeclaredStruct(blob, source)) is { } declared)
            {
                BtfCodec codec = BtfCodec.For(blob, declared.Id);
                found.Add(codec);
                options.OnChoice?.Invoke($"Events of {source} are {codec.CName}, as the map's definition says.");
            }
        }
        foreach (EventOutput output in outputs)
        {
            // What is written of a map's entry is that entry, or its beginning.
            if (output.BuiltIn is { } map && types.Select(blob => (Blob: blob, Type: EventTypes.DeclaredStruct(blob, map))).FirstOrDefault(t => t.Type is not null) is (var own, { } type)
                && BtfCodec.For(own, type.Id) is var codec && (output.Size is null || output.Size == codec.Size) && !found.Exists(other => other.Signature == codec.Signature))
            {
                found.Add(codec);
                options.OnChoice?.Invoke($"Events of {source} are {codec.CName}, as a program writes an entry of the map {map}.");
            }
        }
        foreach (int size in outputs.Select(output => output.Size).OfType<int>().Distinct().Order())
        {
            if (found.Exists(codec => codec.Size == size))
            {
                continue;
            }
            IReadOnlyList<BtfType> candidates = [];
            // The debug information, which is the last, has all types of BTF and those of local variables.
            foreach (BtfBlob blob in types.Reverse())
            {
                candidates = EventTypes.OfSize(blob, size);
                if (EventTypes.Choose(blob, candidates, types[0]) is { } chosen)
                {
                    BtfCodec codec = BtfCodec.For(blob, chosen.Id);
                    found.Add(codec);
                    options.OnChoice?.Invoke($"Events of {source} are {codec.CName}, which has the {size} bytes that a program writes.");
                    candidates = [];
                    break;
                }
                if (candidates.Count > 0)
                {
                    break;
                }
            }
            tried.Add($"a program writes {size} bytes, and " + (candidates.Count == 0 ? "no struct of its types has as many"
                : $"that is the size of {string.Join(" and ", candidates.Select(type => type.Name))}"));
        }
        if (found.Count == 0 && outputs.Any(output => output.Size is null))
        {
            foreach (BtfBlob blob in types)
            {
                if (EventTypes.ChooseAnySize(blob) is { } chosen)
                {
                    found.Add(BtfCodec.For(blob, chosen.Id));
                    options.OnChoice?.Invoke($"Events of {source} are {found[0].CName}, the struct of events that ends with an array, as a program writes records of any size.");
                    break;
                }
            }
        }
        if (found.Count > 0)
        {
            return found;
        }
        string reason = tried.Count > 0 ? string.Join("; ", tried) : outputs.Count > 0 ? "what programs write has no constant size" : "no program that is known writes into it";
        throw new EbpfException(EbpfError.EventTypeUnknown, $"The C type of the events of {source} cannot be told: {reason}.", Candidates(types) + Hint);
    }

    private static BtfBlob Header(string path) => BtfBlob.Parse(ElfSection.Find(SourceCompiler.CompileTypes(path), ".BTF")).CheckReferences();

    private static BtfCodec Given(string text, IReadOnlyList<BtfBlob> types)
    {
        foreach (BtfBlob blob in types)
        {
            if (EventTypes.Named(blob, text) is { } named)
            {
                return BtfCodec.For(blob, named.Id);
            }
        }
        try
        {
            (BtfBlob declared, int id) = CDeclaration.Parse(text);
            return BtfCodec.For(declared, id);
        }
        catch (EbpfException) when (!text.Contains('{', StringComparison.Ordinal))
        {
            throw new EbpfException(EbpfError.EventTypeUnknown, $"There is no C type '{text}' among those of the object.", Candidates(types) + Hint);
        }
    }

    private static string Candidates(IReadOnlyList<BtfBlob> types)
    {
        const int Most = 20;
        string[] names = [.. types.SelectMany(EventTypes.Names).Distinct().Take(Most)];
        return names.Length > 0 ? $"It has these structs: {string.Join(", ", names)}. If it is one of them, " : "It has no structs: ";
    }
}
