using System.Runtime.InteropServices;
using System.Text.Json;
using Ebee.Host;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>Which container an event is of, and what says so: whoever owns a cgroup can give it a container's name.</summary>
[Trait("Category", "Live")]
public sealed partial class ContainerTests
{
    private const string Start = "c0ffee77aa11";
    private static readonly string Real = Start + new string('1', 52), Claimed = Start + new string('2', 52);

    private static string Controller => File.ReadLines("/proc/self/mounts").Any(line => line.Split(' ')[2] == "cgroup2") ? "" : "memory";

    [LiveFact]
    public void A_claim_of_another_user_does_not_hide_a_container()
    {
        using Cgroup owned = Cgroup.New(Controller, $"ebee-user-{Environment.ProcessId}"), real = Cgroup.New(Controller, $"docker-{Real}.scope");
        using Cgroup claim = owned.Below($"docker-{Claimed}.scope"), copy = owned.Below(Real);
        foreach (Cgroup cgroup in new[] { owned, claim, copy })
        {
            Assert.Equal(0, chown(cgroup.Folder, 4242, 4242));
        }
        Assert.Equal([Inodes.Of(real.Folder)], Cgroups.FindContainer(Start).Select(key => key.Id));
        Assert.Equal([Inodes.Of(real.Folder)], Cgroups.FindContainer(Real).Select(key => key.Id));
        Assert.Equal([Inodes.Of(claim.Folder)], Cgroups.FindContainer(Claimed).Select(key => key.Id)); // there is no other
        Assert.Equal((true, false), (Cgroups.IsMadeByRoot(real.CgroupPath), Cgroups.IsMadeByRoot(claim.CgroupPath)));
    }

    [LiveFact]
    public void A_runtimes_record_is_told_from_a_name() => PrivateMounts.Run(() =>
    {
        Sys.Mount("none", "/run", "tmpfs", 0, "mode=755");
        Directory.CreateDirectory($"/run/crun/{Real}");
        using Cgroup real = Cgroup.New(Controller, $"docker-{Real}.scope"), claim = Cgroup.New(Controller, $"docker-{Claimed}.scope");
        Assert.Equal([Inodes.Of(real.Folder)], Cgroups.FindContainer(Start).Select(key => key.Id));
        Assert.Equal(("Record", Real), Execute(real));
        Assert.Equal(("Name", Claimed), Execute(claim));
    });

    [LiveFact]
    public void An_event_outside_of_a_container_has_neither()
    {
        using Cgroup cgroup = Cgroup.New(Controller, $"ebee-plain-{Environment.ProcessId}");
        Assert.Equal((null, null), Execute(cgroup));
    }

    [LiveFact]
    public void A_record_whose_process_is_elsewhere_is_anothers()
    {
        using Cgroup cgroup = Cgroup.New(Controller, $"docker-{Real}.scope");
        using Cause inside = new("mark", "x"), outside = new("mark", "x");
        cgroup.Add(inside.Id);
        foreach ((string file, string content) in new[]
        {
            ("init.pid", "{0}"), ("userdata/pidfile", "{0}\n"), ("state.json", "{{\"id\":\"x\",\"init_process_pid\":{0},\"z\":1}}"), ("status", "{{\n  \"owner\": \"root\",\n  \"pid\": {0},"),
        })
        {
            string place = TestFolder.New("runtime"), record = Path.Combine(place, Real, file);
            bool IsRecorded() => ContainerRecords.IsRecorded(Real, cgroup.CgroupPath, [place]);
            Assert.False(IsRecorded());
            Directory.CreateDirectory(Path.GetDirectoryName(record)!);
            Assert.True(IsRecorded()); // made before its first process
            File.WriteAllText(record, string.Format(content, inside.Id));
            Assert.True(IsRecorded());
            File.WriteAllText(record, string.Format(content, outside.Id));
            Assert.False(IsRecorded());
            Assert.Equal(0, chown(place, 4242, 4242)); // whose user could have written it
            File.WriteAllText(record, string.Format(content, inside.Id));
            Assert.False(IsRecorded());
        }
    }

    [LiveFact]
    public void Cgroups_are_found_however_deep_others_nest()
    {
        using Cgroup owned = Cgroup.New(Controller, $"ebee-deep-{Environment.ProcessId}");
        const int Levels = 20; // of 250 bytes: no path leads to the last
        string name = new('d', 250);
        int folder = Sys.openat(Sys.AtFdcwd, Sys.Bytes(owned.Folder), Sys.ODirectory | Sys.OCloexec, 0);
        List<int> folders = [folder];
        try
        {
            for (int i = 0; i < Levels; i++)
            {
                Sys.Check(Sys.mkdirat(folder, Sys.Bytes(name), 0x1ed), "mkdirat");
                folder = Sys.openat(folder, Sys.Bytes(name), Sys.ODirectory | Sys.OCloexec, 0);
                Sys.Check(folder, "openat");
                folders.Add(folder);
            }
            using Cgroup real = Cgroup.New(Controller, $"docker-{Real}.scope");
            Assert.Equal([Inodes.Of(real.Folder)], Cgroups.FindContainer(Start).Select(key => key.Id));
            Assert.Contains(real.CgroupPath, Cgroups.All());
        }
        finally
        {
            for (int i = folders.Count - 1; i >= 0; i--)
            {
                _ = Sys.close(folders[i]);
                if (i > 0)
                {
                    Sys.Check(Sys.unlinkat(folders[i - 1], Sys.Bytes(name), Sys.AtRemoveDir), "unlinkat");
                }
            }
        }
    }

    // What the JSON of an execution in a cgroup says: the evidence and the id.
    private static (string? Evidence, string? Id) Execute(Cgroup cgroup)
    {
        using Cause cause = new("mark", "x");
        cgroup.Add(cause.Id);
        ExecTracer tracer = new();
        JsonElement e = JsonSerializer.SerializeToElement(Assert.Single(cause.Trace()), tracer.JsonType);
        return (e.GetProperty("ContainerEvidence").GetString(), e.GetProperty("ContainerId").GetString());
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint user, uint group);
}
