using System.Runtime.InteropServices;

namespace Ebee.Tests.Fuzz;

/// <summary>A parser of outside data, and what it is tried with.</summary>
internal sealed record FuzzTarget
{
    private readonly Func<byte[][]> _seeds;
    private readonly Func<byte[][], Func<Random, byte[]>> _mutator;
    private readonly Action<byte[]> _run;
    private readonly Type[] _refusals;
    private readonly bool _isText;

    private FuzzTarget(string name, Func<byte[][]> seeds, Func<byte[][], Func<Random, byte[]>> mutator, Action<byte[]> run, Type[] refusals, bool isText)
    {
        Name = name;
        _seeds = seeds;
        _mutator = mutator;
        _run = run;
        _refusals = refusals;
        _isText = isText;
    }

    /// <summary>What is parsed.</summary>
    public string Name { get; }

    /// <summary>How long one input may take.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many inputs at most: for what this process keeps as long as it lives.</summary>
    public long MostInputs { get; init; } = long.MaxValue;

    /// <summary>A parser of bytes.</summary>
    /// <param name="name">What is parsed.</param>
    /// <param name="seeds">Inputs that it takes.</param>
    /// <param name="run">Parses, and looks whether what must hold does.</param>
    /// <param name="refusals">What it may throw, and for what it does not take only.</param>
    public static FuzzTarget Bytes(string name, Func<byte[][]> seeds, Action<byte[]> run, params Type[] refusals) =>
        new(name, seeds, originals => new ByteMutator(originals).Mutate, run, refusals, isText: false);

    /// <summary>A parser of object files.</summary>
    public static FuzzTarget Objects(string name, Func<byte[][]> seeds, Action<byte[]> run, params Type[] refusals) =>
        new(name, seeds, originals => new Mutator(originals).Mutate, run, refusals, isText: false);

    /// <summary>A parser of text.</summary>
    public static FuzzTarget Text(string name, string[] seeds, Action<string> run, params Type[] refusals) =>
        new(name, () => Array.ConvertAll(seeds, Pack), originals => Texts(originals), data => run(Unpack(data)), refusals, isText: true);

    /// <summary>The inputs that it takes.</summary>
    public byte[][] Seeds() => _seeds();

    /// <summary>What makes inputs of these.</summary>
    public Func<Random, byte[]> Mutator(byte[][] seeds) => _mutator(seeds);

    /// <summary>Parses an input; false when it was refused as it should be.</summary>
    public bool TryRun(byte[] input)
    {
        try
        {
            _run(input);
            return true;
        }
        catch (Exception e) when (Array.Exists(_refusals, type => type.IsInstanceOfType(e)) && e.Message.Length > 0)
        {
            return false;
        }
    }

    /// <summary>An input as a person can read it.</summary>
    public string Show(byte[] input) => _isText
        ? $"\"{string.Concat(Unpack(input).Select(c => c is >= ' ' and < '\u007f' and not ('"' or '\\') ? $"{c}" : $"\\u{(int)c:x4}"))}\""
        : Convert.ToHexStringLower(input);

    private static Func<Random, byte[]> Texts(byte[][] originals)
    {
        TextMutator mutator = new(Array.ConvertAll(originals, Unpack));
        return random => Pack(mutator.Mutate(random));
    }

    // Text may have halves of characters, which UTF-8 has not.
    private static byte[] Pack(string text) => MemoryMarshal.AsBytes(text.AsSpan()).ToArray();

    private static string Unpack(byte[] data) => new(MemoryMarshal.Cast<byte, char>(data));
}
