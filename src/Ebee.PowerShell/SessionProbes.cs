using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Ebee.Programs;

namespace Ebee.PowerShell;

/// <summary>The probes that this process has started and not stopped, in all its runspaces.</summary>
public sealed class SessionProbes : IModuleAssemblyCleanup
{
    private static readonly ConcurrentDictionary<EbpfProbe, Guid> Running = new();

    /// <summary>They, in the order of their ids.</summary>
    internal static IEnumerable<EbpfProbe> All => Running.Keys.OrderBy(probe => probe.Id);

    private static Guid Runspace => System.Management.Automation.Runspaces.Runspace.DefaultRunspace?.InstanceId ?? default;

    /// <summary>Keeps a probe until it is stopped.</summary>
    internal static void Add(EbpfProbe probe)
    {
        Running[probe] = Runspace;
        probe.Stopped += () => Running.TryRemove(probe, out _);
    }

    /// <summary>The module leaves a runspace: what that has started is let go.</summary>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        CleanUp.Run(Running.Where(running => running.Value == Runspace).Select<KeyValuePair<EbpfProbe, Guid>, Action>(running => running.Key.Dispose).ToArray());
    }
}
