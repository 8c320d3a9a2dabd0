namespace Ebee.Programs;

/// <summary>What a C source is compiled with.</summary>
internal sealed class SourceOptions
{
    /// <summary>Folders of headers, with their whole paths. They are looked through before the machine's.</summary>
    public IReadOnlyList<string> IncludePath { get; init; } = [];

    /// <summary>Macros, each as NAME or NAME=VALUE.</summary>
    public IReadOnlyList<string> Define { get; init; } = [];
}
