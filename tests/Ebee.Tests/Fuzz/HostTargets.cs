using Ebee.Host;
using Ebee.Host.Features;

namespace Ebee.Tests.Fuzz;

/// <summary>Files of /proc, /sys and tracefs. Names in them are chosen by others.</summary>
internal static class HostTargets
{
    private const string Format = "name: sched_process_exec\nID: 311\nformat:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n" +
        "\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:0;\n\nprint fmt: \"filename=%s\", __get_str(filename)\n";

    private const string Status = "Name:\tbash\nState:\tS (sleeping)\nTgid:\t42\nPid:\t42\nPPid:\t7\nSeccomp:\t0\n";

    private static readonly string[] Mounts =
    [
        "sysfs /sys sysfs rw,nosuid 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\ntracefs /with\\040space\\134 tracefs rw,relatime 0 0\n",
        "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\ncgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n",
    ];

    private static readonly string[] Cgroup = ["0::/system.slice/ssh.service\n", "12:memory:/user.slice\n4:cpu,cpuacct:/\n1:name=systemd:/a:b\n0::/init.scope\n"];

    private static readonly string[] Paths =
    [
        $"/system.slice/docker-{new string('a', 64)}.scope", $"/kubepods/pod1/{new string('0', 64)}/sub", $"/machine.slice/libpod-conmon-{new string('b', 64)}.scope",
        "/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope", "/",
    ];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.Text("tracepoint format", [Format], ReadFormat, typeof(InvalidDataException)),
        FuzzTarget.Text("tracepoint names", ["sched:sched_switch\nsyscalls:sys_enter_execve\nx:y:mod:z\n"], list => Assert.All(Tracepoints.Names(list, sort: true), name => Assert.Contains(':', name))),
        FuzzTarget.Text("trace clock", ["entries: 0\noldest event ts:  5121.905184\nnow ts:  5122.000001\n", "now ts: 4711\n"], text => _ = TraceClock.Parse(text, Records.BootUtcTicks).ToTime(5000)),
        FuzzTarget.Text("mounts", Mounts, table => _ = MountTable.Parse(table).Count),
        FuzzTarget.Text("cgroup hierarchies", [.. Cgroup, Cgroup[1] + Mounts[1]], text => _ = Cgroups.ReadMounts(text.Split('\n'), [.. MountTable.Parse(Mounts[0]), .. MountTable.Parse(text)]).Count),
        FuzzTarget.Text("cgroup paths", Paths, ReadCgroupPath),
        FuzzTarget.Text("kernel symbols", ["ffffffff81000000 T _stext", "0000000000000000 t bpf_prog_6deef7357e7b4530_x\t[bpf]", "ffffffffc0000000 d a [nf_tables]"], line => Assert.True(Kallsyms.Parse(line) is not { Name.Length: 0 })),
        FuzzTarget.Text("process status", [Status], text => _ = Processes.IsProcess(text.Split('\n'), 42)),
        FuzzTarget.Text("process stat", ["42 (a) b (c) S 7 42 42 0 -1", "1 (init) S 0 1"], text => Assert.True(Processes.ParseParent(text) is null or >= 0)),
        FuzzTarget.Text("processors", ["0-3,5", "0\n", "0,2-3,4095"], text => Assert.All(Processors.Parse(text).Take(100_000), cpu => Assert.True(cpu >= 0)), typeof(InvalidDataException)),
        FuzzTarget.Text("kernel options", ["# comment\nCONFIG_BPF=y\nCONFIG_HZ=250\nCONFIG_LSM=\"lockdown,bpf\"\n# CONFIG_X is not set\n"], text => _ = KernelOptions.Parse(new StringReader(text)).Count),
        FuzzTarget.Text("kernel release", ["5.8.0", "6.12.48+deb13-amd64", "6.1-rc1"], text => KernelRequirements.Check(text, hasBtf: true), typeof(EbpfException)),
    ];

    private static void ReadFormat(string text)
    {
        EbpfTracepoint tracepoint = Tracepoints.Parse("sched", "sched_process_exec", text);
        Assert.True(tracepoint.Id >= 0);
        Assert.All(tracepoint.Fields, field => Assert.NotNull(field.Name));
    }

    private static void ReadCgroupPath(string path)
    {
        if (CgroupName.ContainerId(path) is { } id)
        {
            Assert.Equal(64, id.Length);
            Assert.Contains(id, path, StringComparison.Ordinal);
        }
        if (CgroupName.SystemdUnit(path) is { } unit)
        {
            Assert.Contains(unit, path, StringComparison.Ordinal);
        }
    }
}
