using Ebee.Btf;
using Ebee.Native;

namespace Ebee.Host.Features;

/// <summary>Finds out what the running kernel has of eBPF, as bpftool feature probe does, and more.</summary>
internal sealed class FeatureProbe : IDisposable
{
    private const uint SocketFilter = 1; // BPF_PROG_TYPE_SOCKET_FILTER

    private readonly KernelTypes _types = new();
    private readonly Lazy<string> _missing;
    private readonly Lazy<ProgramTypes> _programTypes;

    public FeatureProbe()
    {
        _missing = new(Missing);
        _programTypes = new(() => new ProgramTypes(_types));
    }

    /// <summary>What this process lacks to be told all; empty when it lacks nothing.</summary>
    public string MissingPrivileges => _missing.Value;

    /// <summary>The questions of a category. Nothing is asked yet.</summary>
    public IEnumerable<FeatureQuestion> Questions(EbpfFeatureCategory category) => category switch
    {
        EbpfFeatureCategory.ProgramType => _programTypes.Value.Questions(),
        EbpfFeatureCategory.MapType => MapTypes.Questions(_types),
        EbpfFeatureCategory.Helper => new Helpers(_types, _programTypes.Value).Questions(),
        EbpfFeatureCategory.AttachKind => AttachTrials.Questions(_types),
        EbpfFeatureCategory.Limit => Limits.Questions(),
        EbpfFeatureCategory.KernelOption => KernelOptions.Questions(),
        EbpfFeatureCategory.Sysctl => Sysctls.Questions(),
        EbpfFeatureCategory.System => SystemFacts.Questions(),
        EbpfFeatureCategory.Permission => Permissions.Questions(),
        _ => throw new ArgumentOutOfRangeException(nameof(category)),
    };

    /// <summary>Finds out. What the kernel refuses to a process that lacks privileges says nothing of the kernel.</summary>
    public EbpfFeature Ask(FeatureQuestion question)
    {
        bool isTried = question.Category is EbpfFeatureCategory.ProgramType or EbpfFeatureCategory.MapType or EbpfFeatureCategory.Helper
            or EbpfFeatureCategory.AttachKind or EbpfFeatureCategory.Limit;
        if (!isTried || _missing.Value.Length == 0)
        {
            return question.Ask();
        }
        return question.Category != EbpfFeatureCategory.Helper && question.Ask() is { IsSupported: true } feature
            ? feature
            : new EbpfFeature(question.Category, question.Name) { Detail = $"cannot be told: this process lacks {_missing.Value}" };
    }

    /// <inheritdoc/>
    public void Dispose() => _types.Dispose();

    // Capabilities of a user namespace are none here, and a seccomp filter may refuse what they allow.
    private static string Missing()
    {
        string missing = Capabilities.MissingForFeatures();
        using LibBpfLog quiet = new();
        return missing.Length > 0 ? missing
            : new TrialProgram(SocketFilter).Loads(TrialProgram.Nothing, out int errno, out _) || errno != Errno.Eperm ? ""
            : "the kernel's permission (a user namespace, a seccomp filter or lockdown refuses it)";
    }
}
