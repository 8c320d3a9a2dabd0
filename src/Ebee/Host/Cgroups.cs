using System.Globalization;
using Ebee.Bindings;

namespace Ebee.Host;

/// <summary>The cgroup hierarchies mounted on this machine, and what paths in them mean.</summary>
internal static class Cgroups
{
    private static readonly Lazy<List<Hierarchy>> Mounted = new(() => ReadMounts(File.ReadLines("/proc/self/cgroup"), MountTable.Read()), LazyThreadSafetyMode.PublicationOnly); // a failure is not kept

    // Those that the kernel side looks at (FOR_EACH_V1 in bpf/include/ebee.h).
    private static readonly string[] V1Controllers = ["memory", "pids", "cpu", "devices", "freezer"];

    private static readonly EnumerationOptions OneLevel = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };

    internal sealed record Hierarchy(string MountPoint, ulong Id);

    /// <summary>Whether a v1 hierarchy with controllers is mounted (hybrid and legacy hosts).</summary>
    public static bool HasV1 => Mounted.Value.Any(h => h.Id != 0);

    /// <summary>
    /// The keys of a cgroup given as /proc/PID/cgroup shows it (/system.slice/…) or by its folder under the mount
    /// point, in every hierarchy that has it.
    /// </summary>
    public static IReadOnlyList<CgroupKey> Find(string path)
    {
        List<CgroupKey> keys = [];
        foreach (Hierarchy hierarchy in Mounted.Value)
        {
            string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(IsBelow(path, hierarchy.MountPoint)
                ? path
                : Path.Join(hierarchy.MountPoint, path)));
            if (IsBelow(folder, hierarchy.MountPoint) && Key(hierarchy, folder) is { } key)
            {
                keys.Add(key);
            }
        }
        return keys.Count > 0
            ? keys
            : throw new EbpfException(EbpfError.CgroupNotFound, $"There is no cgroup '{path}'.",
                "Give a path as /proc/PID/cgroup shows it, such as /system.slice/ssh.service; systemd-cgls lists them.");
    }

    /// <summary>
    /// The cgroups of the one running container whose id starts so. Whoever owns a cgroup can name one below it after a container: a
    /// cgroup that root made is preferred to such a claim, and one that a runtime has a record of to both.
    /// </summary>
    public static IReadOnlyList<CgroupKey> FindContainer(string prefix)
    {
        List<(string Id, CgroupKey Key, int Rank)> found = [];
        if (prefix.Length > 0)
        {
            foreach (Hierarchy hierarchy in Mounted.Value)
            {
                foreach (string folder in Folders(hierarchy.MountPoint))
                {
                    if (CgroupName.ContainerIdOf(Path.GetFileName(folder.AsSpan())) is { } id
                        && id.StartsWith(prefix, StringComparison.Ordinal) && Key(hierarchy, folder) is { } key)
                    {
                        found.Add((id, key, Rank(id, hierarchy, folder)));
                    }
                }
            }
        }
        int best = found.Count == 0 ? 0 : found.Max(f => f.Rank);
        string[] ids = [.. found.Where(f => f.Rank == best).Select(f => f.Id).Distinct().Order(StringComparer.Ordinal)];
        return ids.Length switch
        {
            1 => [.. found.Where(f => f.Rank == best).Select(f => f.Key)],
            0 => throw new EbpfException(EbpfError.ContainerNotFound, $"No running container has an id that starts with '{prefix}'.",
                "List them: docker ps, podman ps or crictl ps."),
            _ => throw new EbpfException(EbpfError.ContainerNotFound,
                $"'{prefix}' is not one container's: {string.Join(", ", ids.Take(8).Select(id => id[..12]))}" +
                $"{(ids.Length > 8 ? ", …" : "")}.",
                "Give more of the id."),
        };
    }

    /// <summary>Whether nobody but root could have made a cgroup: it and all above it are root's.</summary>
    /// <param name="path">Its path, as /proc/PID/cgroup shows it. False when it is not there.</param>
    public static bool IsMadeByRoot(string path) => Mounted.Value
        .FirstOrDefault(hierarchy => Directory.Exists(hierarchy.MountPoint + path)) is { } found
        && IsMadeByRoot(found, found.MountPoint + path);

    /// <summary>Whether a process is in a cgroup or below it.</summary>
    public static bool Has(string path, int process)
    {
        try
        {
            // "4:memory:/path"
            return File.ReadLines($"/proc/{process}/cgroup")
                .Any(line => line.Split(':', 3) is [_, _, { } own] && IsBelow(own, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it ended
        }
    }

    /// <summary>All cgroups, as /proc/PID/cgroup shows them; one that several hierarchies have comes once.</summary>
    public static IEnumerable<string> All() => Mounted.Value
        .SelectMany(hierarchy => Folders(hierarchy.MountPoint).Select(folder => folder[hierarchy.MountPoint.Length..]))
        .Distinct().Order(StringComparer.Ordinal);

    private static bool IsBelow(string path, string folder) =>
        path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static bool IsMadeByRoot(Hierarchy hierarchy, string folder)
    {
        for (string? at = folder; at is not null && at.Length > hierarchy.MountPoint.Length; at = Path.GetDirectoryName(at))
        {
            if (FileStatus.Of(at) is not { User: 0 })
            {
                return false;
            }
        }
        return true;
    }

    private static int Rank(string id, Hierarchy hierarchy, string folder) => !IsMadeByRoot(hierarchy, folder) ? 0
        : ContainerRecords.Of(id, folder[hierarchy.MountPoint.Length..]) == ContainerEvidence.Name ? 1
        : 2;

    // Others make cgroups and remove them meanwhile, and can nest them beyond the longest path: what cannot be looked
    // into is left out.
    private static IEnumerable<string> Folders(string root)
    {
        Stack<string> next = new([root]);
        while (next.TryPop(out string? folder))
        {
            string[] below;
            try
            {
                below = Directory.GetDirectories(folder, "*", OneLevel);
            }
            catch (IOException)
            {
                continue;
            }
            foreach (string found in below)
            {
                next.Push(found);
                yield return found;
            }
        }
    }

    // A cgroup's id is the inode number of its folder, on 64-bit kernels.
    private static CgroupKey? Key(Hierarchy hierarchy, string folder) =>
        Directory.Exists(folder) && Inodes.Of(folder) is not 0 and ulong id ? new CgroupKey { Id = id, Hierarchy = hierarchy.Id } : null;

    internal static List<Hierarchy> ReadMounts(IEnumerable<string> cgroups, IEnumerable<MountTable.Mount> table)
    {
        List<Hierarchy> mounts = [];
        Dictionary<string, ulong> ids = new(StringComparer.Ordinal);
        foreach (string line in cgroups)
        {
            // "4:memory:/path"; v2 is "0::/path"
            string[] parts = line.Split(':', 3);
            if (parts.Length == 3 && ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong id))
            {
                foreach (string controller in parts[1].Split(','))
                {
                    ids[controller] = id;
                }
            }
        }
        foreach (MountTable.Mount mount in table)
        {
            if (mount.Type == "cgroup2")
            {
                mounts.Add(new Hierarchy(mount.Folder, 0));
            }
            else if (mount.Type == "cgroup" && mount.Options.Intersect(V1Controllers).FirstOrDefault(ids.ContainsKey) is { } controller)
            {
                mounts.Add(new Hierarchy(mount.Folder, ids[controller]));
            }
        }
        return mounts;
    }
}
