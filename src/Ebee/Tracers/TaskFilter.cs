using System.Text;
using Ebee.Bindings;
using Ebee.Host;
using Ebee.Programs;

namespace Ebee.Tracers;

/// <summary>The in-kernel task filter (bpf/include/ebee.h): its settings, and the sets it looks in.</summary>
internal sealed class TaskFilter
{
    private const uint DescendantsMax = 65536; // living at one time, where the kernel takes memory for all before

    // From Linux 6.1 on a tracing program's map may grow.
    private static readonly bool CanGrow = !KernelRelease.IsOlderThan(6, 1);

    private readonly TracerOptions _options;
    // Arrays, and made without LINQ: code over lists of these value types would have to be compiled at start.
    private readonly CgroupKey[] _cgroups = [];
    private readonly uint[] _users;

    /// <summary>Resolves names; throws on those that are not there.</summary>
    public TaskFilter(TracerOptions options)
    {
        _options = options;
        if (options.IncludeChildren && options.ProcessId.Count == 0)
        {
            throw new EbpfException(EbpfError.InvalidArgument, "Children were asked for, but no process whose children.",
                "Give a process id with it: -ProcessId 42 -IncludeChildren, or --pid 42 --children.");
        }
        if (options.Name.Contains(""))
        {
            throw new EbpfException(EbpfError.InvalidArgument, "An empty name is no process's name.", "Give a name that ps -e lists.");
        }
        CheckProcesses(options.ProcessId);
        CheckProcesses(options.ExcludeProcessId);
        _users = new uint[options.UserName.Count];
        for (int i = 0; i < _users.Length; i++)
        {
            _users[i] = UserDatabase.Resolve(options.UserName[i]);
        }
        if (options.CgroupPath.Count + options.ContainerId.Count > 0)
        {
            _cgroups = [.. options.CgroupPath.SelectMany(Cgroups.Find), .. options.ContainerId.SelectMany(Cgroups.FindContainer)];
        }
        Filters = (options.ProcessId.Count > 0 ? FilterKind.FilterProcess : 0)
            | (options.ExcludeProcessId.Count > 0 ? FilterKind.FilterExcludedProcess : 0)
            | (options.Name.Count > 0 ? FilterKind.FilterName : 0)
            | (_users.Length > 0 ? FilterKind.FilterUser : 0)
            | (_cgroups.Length > 0 ? FilterKind.FilterCgroup : 0)
            | (options.IncludeChildren ? FilterKind.FilterDescendants : 0);
    }

    public FilterKind Filters { get; }

    /// <summary>The programs of a step that keep the process filters true while processes come and go.</summary>
    public IEnumerable<string> Followers(HookStep step)
    {
        if ((Filters & (FilterKind.FilterDescendants | FilterKind.FilterExcludedProcess)) != 0)
        {
            yield return step.Fork;
        }
        if (step.Exit is { } exit && (Filters & (FilterKind.FilterProcess | FilterKind.FilterExcludedProcess)) != 0)
        {
            yield return exit;
        }
    }

    /// <summary>Makes room in the sets, before load.</summary>
    public void Size(OpenedObject opened)
    {
        SizeProcesses(opened, "processes", _options.ProcessId.Count, _options.IncludeChildren);
        SizeProcesses(opened, "excluded_processes", _options.ExcludeProcessId.Count, withDescendants: true);
        opened.ResizeMap("names", Entries(_options.Name.Count));
        opened.ResizeMap("users", Entries(_users.Length));
        opened.ResizeMap("cgroups", Entries(_cgroups.Length));
    }

    /// <summary>
    /// Fills the sets, before the event programs are attached; when descendants count, after the fork program was,
    /// so that no child slips between it and the look at /proc.
    /// </summary>
    public void Fill(LoadedObject loaded, CancellationToken cancellation)
    {
        Add(loaded, "processes", _options.ProcessId, _options.IncludeChildren, cancellation);
        Add(loaded, "excluded_processes", _options.ExcludeProcessId, withDescendants: true, cancellation);
        foreach (string name in _options.Name)
        {
            cancellation.ThrowIfCancellationRequested();
            loaded.Map("names").Update(NameKey(name), (byte)1);
        }
        foreach (uint user in _users)
        {
            loaded.Map("users").Update(user, (byte)1);
        }
        foreach (CgroupKey cgroup in _cgroups)
        {
            loaded.Map("cgroups").Update(cgroup, (byte)1);
        }
    }

    private static void CheckProcesses(IReadOnlyList<int> ids)
    {
        foreach (int id in ids)
        {
            if (id <= 0 || !Processes.Exists(id))
            {
                throw new EbpfException(EbpfError.ProcessNotFound, $"There is no process {id}.",
                    "List the processes: Get-Process in PowerShell, ps -e in a shell.");
            }
        }
    }

    private static uint Entries(int count) => (uint)Math.Max(count, 1);

    // With descendants there is room for all processes that can live: nobody fills the set by starting many.
    private static void SizeProcesses(OpenedObject opened, string set, int count, bool withDescendants)
    {
        if (!withDescendants || count == 0)
        {
            opened.ResizeMap(set, Entries(count));
            return;
        }
        uint most = Processes.Most() ?? DescendantsMax;
        if (CanGrow)
        {
            opened.AllocateWhenUsed(set);
        }
        else
        {
            most = Math.Min(most, DescendantsMax);
        }
        opened.ResizeMap(set, (uint)count + most);
    }

    private static void Add(LoadedObject loaded, string set, IReadOnlyList<int> ids, bool withDescendants,
        CancellationToken cancellation)
    {
        if (ids.Count == 0)
        {
            return;
        }
        Maps.BpfMap map = loaded.Map(set);
        // First the roots, then, to no end but none new, their children: each pass sees what the fork program cannot,
        // processes born before their parent was in the set.
        HashSet<int> added = [];
        IReadOnlyCollection<int> next = [.. ids];
        while (next.Count > 0)
        {
            foreach (int id in next)
            {
                cancellation.ThrowIfCancellationRequested();
                map.Update((uint)id, (byte)1);
                added.Add(id);
                if (!Processes.Exists(id))
                {
                    map.Delete((uint)id); // it ended meanwhile: the id may become another's
                }
            }
            next = withDescendants ? [.. Processes.ChildrenOf(added).Where(id => !added.Contains(id))] : [];
        }
    }

    // The name as the kernel would have cut it.
    private static Bytes16 NameKey(string name)
    {
        Bytes16 key = default;
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        bytes.AsSpan(0, Math.Min(bytes.Length, 15)).CopyTo(key);
        return key;
    }
}
