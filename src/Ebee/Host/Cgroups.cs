using System.Globalization;
using Ebee.Bindings;

namespace Ebee.Host;

/// <summary>The cgroup hierarchies mounted on this machine, and what paths in them mean.</summary>
internal static class Cgroups
{
    private static readonly Lazy<List<Hierarchy>> Mounted = new(() => ReadMounts(File.ReadLines("/proc/self/cgroup"), MountTable.Read()), LazyThreadSafetyMode.PublicationOnly); // a failure is not kept

    // Those that the kernel side looks at (FOR_EACH_V1 in bpf/include/ebee.h).
    private static readonly string[] V1Controllers = ["memory", "pids", "cpu", "devices", "freezer"];

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

    /// <summary>The cgroups of the one running container whose id starts so.</summary>
    public static IReadOnlyList<CgroupKey> FindContainer(string prefix)
    {
        Dictionary<string, List<CgroupKey>> containers = [];
        if (prefix.Length > 0)
        {
            foreach (Hierarchy hierarchy in Mounted.Value)
            {
                foreach (string folder in Folders(hierarchy.MountPoint))
                {
                    string name = Path.GetFileName(folder);
                    if (CgroupName.ContainerIdOf(name) is { } id && id.StartsWith(prefix, StringComparison.Ordinal)
                        && Key(hierarchy, folder) is { } key)
                    {
                        (containers.TryGetValue(id, out List<CgroupKey>? keys) ? keys : containers[id] = []).Add(key);
                    }
                }
            }
        }
        return containers.Count switch
        {
            1 => containers.Values.First(),
            0 => throw new EbpfException(EbpfError.ContainerNotFound, $"No running container has an id that starts with '{prefix}'.",
                "List them: docker ps, podman ps or crictl ps."),
            _ => throw new EbpfException(EbpfError.ContainerNotFound,
                $"'{prefix}' is not one container's: {string.Join(", ", containers.Keys.Order(StringComparer.Ordinal).Select(k => k[..12]))}.",
                "Give more of the id."),
        };
    }

    /// <summary>All cgroups, as /proc/PID/cgroup shows them; one that several hierarchies have comes once.</summary>
    public static IEnumerable<string> All() => Mounted.Value
        .SelectMany(hierarchy => Folders(hierarchy.MountPoint).Select(folder => folder[hierarchy.MountPoint.Length..]))
        .Distinct().Order(StringComparer.Ordinal);

    private static bool IsBelow(string path, string folder) =>
        path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static IEnumerable<string> Folders(string root) => Directory.EnumerateDirectories(root, "*", new EnumerationOptions
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
    });

    // A cgroup's id is the inode number of its folder, on 64-bit kernels.
    private static CgroupKey? Key(Hierarchy hierarchy, string folder) =>
        Directory.Exists(folder) ? new CgroupKey { Id = Inodes.Of(folder), Hierarchy = hierarchy.Id } : null;

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
