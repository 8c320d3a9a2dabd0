namespace Ebee.Host;

/// <summary>Something of eBPF that the running kernel has, has not, or has set to a value.</summary>
public sealed class EbpfFeature
{
    internal EbpfFeature(EbpfFeatureCategory category, string name)
    {
        Category = category;
        Name = name;
    }

    /// <summary>What it is about.</summary>
    public EbpfFeatureCategory Category { get; }

    /// <summary>Its name, as bpftool, libbpf or the kernel has it.</summary>
    public string Name { get; }

    /// <summary>Whether the kernel has it; null where that is no question (of a setting) or cannot be told.</summary>
    public bool? IsSupported { get; internal init; }

    /// <summary>What it is set to; null where it has no value.</summary>
    public string? Value { get; internal init; }

    /// <summary>Of a helper: the types of programs that may call it.</summary>
    public string[] ProgramType { get; internal init; } = [];

    /// <summary>Why it is as it is; null when there is nothing to say.</summary>
    public string? Detail { get; internal init; }

    /// <summary>The first kernel that has it, such as 5.5; null where that is not listed.</summary>
    public string? MinimumKernel { get; internal init; }
}
