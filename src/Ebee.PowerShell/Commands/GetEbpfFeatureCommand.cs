using System.Management.Automation;
using Ebee.Host;
using Ebee.Host.Features;
using Ebee.PowerShell.Completion;

namespace Ebee.PowerShell.Commands;

/// <summary>Gets what the running kernel has of eBPF, and what this user may do with it.</summary>
[Cmdlet(VerbsCommon.Get, "EbpfFeature")]
[OutputType(typeof(EbpfFeature))]
public sealed class GetEbpfFeatureCommand : EbeeCommand
{
    private readonly SortedSet<EbpfFeatureCategory> _untold = [];

    /// <summary>Only features of these names.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EbpfFeatureNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Only features of these categories.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public EbpfFeatureCategory[] Category { get; set; } = [];

    /// <summary>All of them: helpers, too, and those whose trial is written to the kernel's log.</summary>
    [Parameter]
    public SwitchParameter Full { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            using FeatureProbe probe = new();
            Write(probe);
            if (_untold.Count > 0)
            {
                WriteWarning($"Features of these categories cannot all be told: {string.Join(", ", _untold)}. " +
                    (probe.MissingPrivileges.Length > 0 ? $"This process lacks {probe.MissingPrivileges}. " : "") +
                    "Their property Detail says why. Run it as root: sudo pwsh.");
            }
        }
        catch (EbpfException e)
        {
            ThrowTerminatingError(EbpfErrorRecord.From(e, MyInvocation.MyCommand.Name));
        }
    }

    private void Write(FeatureProbe probe)
    {
        WildcardPattern?[] patterns = [.. Name.Select(name => NamePattern.TryOf(this, name))];
        bool[] isFound = new bool[patterns.Length];
        List<string> names = [];
        foreach (FeatureQuestion question in Categories().SelectMany(probe.Questions))
        {
            if (Stopping)
            {
                return;
            }
            names.Add(question.Name);
            bool isWanted = patterns.Length == 0, isNamed = false;
            for (int i = 0; i < patterns.Length; i++)
            {
                if (patterns[i]?.IsMatch(question.Name) == true)
                {
                    isWanted = isFound[i] = true;
                    isNamed |= !WildcardPattern.ContainsWildcardCharacters(Name[i]);
                }
            }
            if (isWanted && (!question.IsLogged || isNamed || Full))
            {
                Write(probe.Ask(question));
            }
        }
        for (int i = 0; i < patterns.Length; i++)
        {
            if (!isFound[i] && !WildcardPattern.ContainsWildcardCharacters(Name[i]))
            {
                WriteError(EbpfErrorRecord.From(Missing(Name[i], names), Name[i]));
            }
        }
    }

    private void Write(EbpfFeature feature)
    {
        bool isSetting = feature.Category is EbpfFeatureCategory.Sysctl or EbpfFeatureCategory.System;
        if (feature.IsSupported is null && feature.Value is null && (!isSetting || feature.Detail?.StartsWith("This user", StringComparison.Ordinal) == true))
        {
            _untold.Add(feature.Category);
        }
        WriteObject(feature);
    }

    // Helpers are hundreds: for who asks for them, or for something by its name.
    private IEnumerable<EbpfFeatureCategory> Categories() => Category.Length > 0 ? Category.Distinct()
        : Enum.GetValues<EbpfFeatureCategory>().Where(category => category != EbpfFeatureCategory.Helper || Full || Name.Length > 0);

    private static EbpfException Missing(string name, List<string> names)
    {
        string[] nearest = NearestNames.Of(name, names);
        return new EbpfException(EbpfError.FeatureNotFound, $"There is no feature '{name}'.", (nearest.Length > 0
            ? $"The nearest are {string.Join(", ", nearest)}. "
            : "") + "Use wildcards to look: Get-EbpfFeature '*ring*'.");
    }
}
