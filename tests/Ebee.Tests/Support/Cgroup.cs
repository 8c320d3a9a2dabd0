namespace Ebee.Tests.Support;

/// <summary>A cgroup that a test made below the one it runs in, removed with its processes gone.</summary>
internal sealed class Cgroup : IDisposable
{
    private Cgroup(string folder, string path)
    {
        Folder = folder;
        CgroupPath = path;
        Directory.CreateDirectory(folder);
    }

    /// <summary>Its folder.</summary>
    public string Folder { get; }

    /// <summary>Its path as /proc/PID/cgroup shows it.</summary>
    public string CgroupPath { get; }

    /// <summary>The paths of a process's cgroups, one for each hierarchy.</summary>
    public static IEnumerable<string> PathsOf(string process) =>
        File.ReadLines($"/proc/{process}/cgroup").Select(line => line.Split(':', 3)[2]);

    /// <summary>Makes one in the hierarchy of v2 ("") or of a v1 controller.</summary>
    public static Cgroup New(string controller, string name)
    {
        string? own = File.ReadLines("/proc/self/cgroup").Select(line => line.Split(':', 3))
            .FirstOrDefault(parts => parts[1].Split(',').Contains(controller))?[2];
        string? mount = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' '))
            .FirstOrDefault(parts => controller.Length == 0
                ? parts[2] == "cgroup2"
                : parts[2] == "cgroup" && parts[3].Split(',').Contains(controller))?[1];
        SkipException.If(own is null || mount is null,
            controller.Length == 0 ? "needs cgroup v2 mounted" : $"needs the v1 cgroup hierarchy of {controller} mounted");
        string path = own!.TrimEnd('/') + "/" + name;
        string folder = mount + path;
        try
        {
            return new Cgroup(folder, path);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new SkipException($"needs a cgroup hierarchy that can be written to ({e.Message})");
        }
    }

    /// <summary>Makes one below this one.</summary>
    public Cgroup Below(string name) => new($"{Folder}/{name}", $"{CgroupPath}/{name}");

    /// <summary>Moves a process into it.</summary>
    public void Add(int process) => File.WriteAllText($"{Folder}/cgroup.procs", $"{process}");

    /// <inheritdoc/>
    public void Dispose()
    {
        // A process that has just ended may still be counted.
        for (int attempt = 0; Sys.rmdir(Sys.Bytes(Folder)) < 0 && Directory.Exists(Folder); attempt++)
        {
            Assert.True(attempt < 100, $"{Folder} cannot be removed.");
            Thread.Sleep(20);
        }
    }
}
