namespace Ebee.Programs;

/// <summary>How an object's programs are started.</summary>
public sealed class ProbeOptions : HookOptions
{
    /// <summary>Only these of the object's programs, by name, with <c>*</c> and <c>?</c>; none for all that are not optional (SEC("?…")).</summary>
    public IReadOnlyList<string> ProgramName { get; init; } = [];

    /// <summary>None of these of the object's programs, by name, with <c>*</c> and <c>?</c>.</summary>
    public IReadOnlyList<string> ExcludeProgram { get; init; } = [];

    /// <summary>Starts the others when the hook of a program is missing here; <see cref="EbpfProbe.LeftOut"/> names it.</summary>
    public bool SkipMissing { get; init; }

    /// <summary>Values of global variables, by name: numbers, strings, arrays, dictionaries for structs.</summary>
    public IReadOnlyDictionary<string, object?> Global { get; init; } = new Dictionary<string, object?>();

    /// <summary>Entries of maps, by name; for a ring buffer its bytes, a power of two and a multiple of a page.</summary>
    public IReadOnlyDictionary<string, uint> MapSize { get; init; } = new Dictionary<string, uint>();

    /// <summary>Files under bpffs that maps are pinned as, by the map's name. They stay when the session ends.</summary>
    public IReadOnlyDictionary<string, string> MapPin { get; init; } = new Dictionary<string, string>();

    /// <summary>Maps that exist and are used in place of the object's own, by the own one's name.</summary>
    public IReadOnlyDictionary<string, Maps.EbpfMap> ReuseMap { get; init; } = new Dictionary<string, Maps.EbpfMap>();

    /// <summary>
    /// A folder under bpffs, which is made, where all links, programs and maps are pinned: the probe stays when the session ends,
    /// until it is stopped. Linux 5.15 for tracepoints, kprobes and uprobes.
    /// </summary>
    public string? PinPath { get; init; }

    /// <summary>Takes the object's file though another user could have written it.</summary>
    public bool AllowUntrusted { get; init; }
}
