using System.Buffers;

namespace Ebee.Host;

/// <summary>What the names in a cgroup's path say: the container and the systemd unit.</summary>
internal static class CgroupName
{
    private const int ContainerIdLength = 64;
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");
    private static readonly string[] UnitSuffixes = [".service", ".scope", ".socket", ".mount", ".swap"];

    /// <summary>The container's id in a path: its innermost name that holds one; null outside of a container.</summary>
    public static string? ContainerId(string path) => Container(path)?.Id;

    /// <summary>That id, and the path down to the name that holds it.</summary>
    public static (string Id, string Folder)? Container(string path)
    {
        (string, string)? found = null;
        foreach (Range range in path.AsSpan().Split('/'))
        {
            if (ContainerIdOf(path.AsSpan()[range]) is { } id)
            {
                found = (id, path[..range.End.Value]);
            }
        }
        return found;
    }

    /// <summary>
    /// The id in one name: 64 hexadecimal digits, bare (Docker and containerd with cgroupfs, Kubernetes) or between a
    /// runtime's prefix and ".scope" (docker-, cri-containerd-, crio-, libpod- with systemd). A monitor (conmon) bears
    /// its container's id too, but runs outside of it.
    /// </summary>
    public static string? ContainerIdOf(ReadOnlySpan<char> name)
    {
        if (name.Contains("-conmon-", StringComparison.Ordinal))
        {
            return null;
        }
        if (name.EndsWith(".scope", StringComparison.Ordinal))
        {
            name = name[..^".scope".Length];
        }
        int dash = name.LastIndexOfAny('-', ':');
        name = name[(dash + 1)..];
        return name.Length == ContainerIdLength && name.IndexOfAnyExcept(Hex) < 0 ? name.ToString() : null;
    }

    /// <summary>
    /// The system unit in a path, as the journal's _SYSTEMD_UNIT has it: the first name below the slices that is a
    /// unit's (for a user's services, user@UID.service); null where there is none.
    /// </summary>
    public static string? SystemdUnit(string path)
    {
        foreach (Range range in path.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> name = path.AsSpan()[range];
            if (name.IsEmpty || name.EndsWith(".slice", StringComparison.Ordinal))
            {
                continue;
            }
            foreach (string suffix in UnitSuffixes)
            {
                if (name.EndsWith(suffix, StringComparison.Ordinal))
                {
                    return name.ToString();
                }
            }
            return null;
        }
        return null;
    }
}
