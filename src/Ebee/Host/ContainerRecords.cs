using System.Globalization;

namespace Ebee.Host;

/// <summary>What container runtimes have written down of their containers, against names that anybody may give a cgroup.</summary>
internal static class ContainerRecords
{
    // Where runtimes that root runs have a folder for each container, of its id; * is any name, such as containerd's namespaces.
    private static readonly string[] Places =
    [
        "/run/containerd/io.containerd.runtime.v2.task/*", // containerd: Docker, Kubernetes, nerdctl
        "/run/k3s/containerd/io.containerd.runtime.v2.task/*",
        "/run/docker/containerd/daemon/io.containerd.runtime.v2.task/*", // a containerd that Docker started itself
        "/run/containers/storage/*-containers", // Podman, CRI-O: overlay, vfs
        "/run/crun",
        "/run/runc",
        "/run/containerd/runc/*",
        "/run/docker/runtime-runc/*",
        "/var/lib/docker/containers",
        "/var/lib/docker/*/containers", // with user namespaces
        "/var/lib/containers/storage/*-containers",
    ];

    // Where the first process of a container stands in its folder, and behind what.
    private static readonly (string File, string Before)[] Processes =
        [("init.pid", ""), ("userdata/pidfile", ""), ("state.json", "\"init_process_pid\":"), ("status", "\"pid\":")];

    /// <summary>What says that a cgroup is the container of the id in its name.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cgroupPath">The path of the cgroup that is named by it, as /proc/PID/cgroup has it.</param>
    public static ContainerEvidence Of(string id, string cgroupPath) =>
        Cgroups.IsMadeByRoot(cgroupPath) && IsRecorded(id, cgroupPath, Places) ? ContainerEvidence.Record : ContainerEvidence.Name;

    /// <summary>
    /// Whether one of these places has a container of that id, and its first process, where it lives and is known, is in
    /// that cgroup.
    /// </summary>
    internal static bool IsRecorded(string id, string cgroupPath, IEnumerable<string> places) => places
        .SelectMany(Folders)
        .Select(place => Path.Combine(place, id))
        .Where(record => Directory.Exists(record) && IsRoots(Path.GetDirectoryName(record)!))
        .Any(record => FirstProcess(record) is not { } process || Cgroups.Has(cgroupPath, process));

    private static IEnumerable<string> Folders(string place)
    {
        int star = place.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
        {
            return [place];
        }
        int start = place.LastIndexOf('/', star) + 1, end = place.IndexOf('/', star);
        end = end < 0 ? place.Length : end;
        try
        {
            return [.. Directory.EnumerateDirectories(place[..start], place[start..end])
                .Select(folder => folder + place[end..])];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // there is no such runtime, or this user may not look
        }
    }

    private static bool IsRoots(string folder)
    {
        const int OthersWrite = 0x12;
        return FileStatus.Of(folder) is { User: 0 } access && (access.Mode & OthersWrite) == 0;
    }

    // Null when it is not known, or has ended.
    private static int? FirstProcess(string record)
    {
        foreach ((string file, string before) in Processes)
        {
            try
            {
                string text = File.ReadAllText(Path.Combine(record, file));
                int at = text.IndexOf(before, StringComparison.Ordinal);
                string digits = at < 0 ? "" : new([.. text[(at + before.Length)..].TrimStart().TakeWhile(char.IsAsciiDigit)]);
                if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int process))
                {
                    return Host.Processes.Exists(process) ? process : null;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // another runtime writes another file
            }
        }
        return null;
    }
}
