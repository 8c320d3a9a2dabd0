using System.Diagnostics;
using Ebee.Host;
using Ebee.Native;
using Ebee.Tracers;

namespace Ebee.Tests.Unit;

public sealed class HostTests
{
    [Theory]
    [InlineData("5.8.0")]
    [InlineData("5.8.0-rc1+")]
    [InlineData("5.10.16.3-microsoft-standard-WSL2")]
    [InlineData("5.15-custom")]
    [InlineData("6.1.0-13-amd64")]
    [InlineData("6.18.44-fc-v595")]
    [InlineData("10.0.1")]
    [InlineData("unreadable")]
    public void Kernels_that_will_do(string release) => KernelRequirements.Check(release, hasBtf: true);

    [Theory]
    [InlineData("5.7.19")]
    [InlineData("5.4.0-150-generic")]
    [InlineData("4.19.0-25-amd64")]
    [InlineData("3.10.0-1160.el7.x86_64")]
    public void Kernels_that_are_too_old(string release)
    {
        EbpfException e = Assert.Throws<EbpfException>(() => KernelRequirements.Check(release, hasBtf: true));
        Assert.Equal("EbpfKernelTooOld", e.ErrorId);
        Assert.Contains(release, e.Message, StringComparison.Ordinal);
        Assert.Contains("5.8", e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(e.RecommendedAction);
    }

    [Theory]
    [InlineData("0-3,5\n", "0,1,2,3,5")]
    [InlineData("7", "7")]
    [InlineData("3-1", "")]
    public void Lists_of_processors(string list, string numbers) => Assert.Equal(numbers, string.Join(',', Processors.Parse(list)));

    [Theory]
    [InlineData("")]
    [InlineData("0-")]
    [InlineData("0-1-2")]
    [InlineData("0-4294967295")]
    public void What_is_no_list_of_processors(string list) => Assert.Throws<InvalidDataException>(() => Processors.Parse(list).Count());

    [Theory]
    [InlineData("42 (a) b (c) S 7 42 0", 7)]
    [InlineData("42 (a) S", null)]
    [InlineData("42 (a)", null)]
    [InlineData("", null)]
    public void A_name_cannot_forge_a_parent(string stat, int? parent) => Assert.Equal(parent, Processes.ParseParent(stat));

    [Fact]
    public void A_hierarchy_that_this_process_is_not_in_is_left_out()
    {
        MountTable.Mount[] mounts =
            [new("/u", "cgroup2", ["rw"]), new("/cpu", "cgroup", ["rw", "cpu", "cpuacct"]), new("/memory", "cgroup", ["rw", "memory"]), new("/proc", "proc", [])];
        Assert.Equal([("/u", 0ul), ("/cpu", 4ul)], Cgroups.ReadMounts(["", "nothing", "4:cpu,cpuacct:/a:b", "x:memory:/", "0::/"], mounts).Select(h => (h.MountPoint, h.Id)));
    }

    [Theory]
    [InlineData("ffffffff81000000 T _stext", "_stext")]
    [InlineData("ffffffffc0000000 t f\t[bpf]", "f")]
    [InlineData("ffffffff81000000 T", null)]
    [InlineData("ffffffff81000000  T f", null)]
    [InlineData("fffffffffffffffff T f", null)]
    [InlineData("ffffffff81000000 T  f", null)]
    [InlineData("", null)]
    public void Lines_of_kallsyms(string line, string? name) => Assert.Equal(name, Kallsyms.Parse(line)?.Name);

    [Fact]
    public void A_binary_that_is_none_is_an_error_that_says_so()
    {
        EbpfException e = Assert.Throws<EbpfException>(() => ElfSymbols.Functions("/etc/passwd"));
        Assert.Equal(EbpfError.SymbolNotFound, e.Error);
        Assert.Contains("no 64-bit little-endian ELF file", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_without_BTF()
    {
        EbpfException e = Assert.Throws<EbpfException>(() => KernelRequirements.Check("6.1.0", hasBtf: false));
        Assert.Equal("EbpfNoBtf", e.ErrorId);
        Assert.Contains("/sys/kernel/btf/vmlinux", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Error_names_are_those_of_the_C_library()
    {
        // errno -l is not everywhere; the header is, where programs are compiled.
        using Process process = Process.Start(new ProcessStartInfo("sh",
            ["-c", "for c in cc gcc clang; do command -v $c >/dev/null && echo '#include <errno.h>' | $c -E -dM - && exit; done"])
        {
            RedirectStandardOutput = true,
        })!;
        Dictionary<int, string> names = [];
        foreach (string[] words in process.StandardOutput.ReadToEnd().Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words is ["#define", ['E', ..] name, string number] && int.TryParse(number, out int value))
            {
                names[value] = name;
            }
        }
        Assert.InRange(names.Count, 130, 140);
        Assert.All(names, pair => Assert.Equal(pair.Value, Errno.Name(pair.Key)));
        Assert.Equal("ENOTSUPP", Errno.Name(524)); // the kernel's own, which bpf(2) gives all the same
        Assert.Equal("41", Errno.Name(41));
        Assert.Equal("0", Errno.Name(0));
        Assert.Equal("-1", Errno.Name(-1));
    }

    [Theory]
    [InlineData(4096, 4096)]
    [InlineData(4097, 8192)]
    [InlineData(65536, 65536)]
    [InlineData(100_000, 131072)]
    [InlineData(8 << 20, 8 << 20)]
    [InlineData((8 << 20) - 1, 8 << 20)]
    [InlineData(1 << 30, 1 << 30)]
    public void Ring_sizes_are_rounded_up(long asked, uint size) =>
        Assert.Equal(Math.Max(size, (uint)Environment.SystemPageSize), new TracerOptions { BufferSize = asked }.RingSize);

    [Theory]
    [InlineData(4095)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((1L << 30) + 1)]
    [InlineData(1L << 32)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Ring_sizes_that_cannot_be(long asked) =>
        Assert.Equal("EbpfInvalidArgument", Assert.Throws<EbpfException>(() => new TracerOptions { BufferSize = asked }.RingSize).ErrorId);

    [Fact]
    public void A_buffer_is_8_MiB_unless_told() => Assert.Equal(8u << 20, new TracerOptions().RingSize);

    [Fact]
    public void Users_by_name_and_by_number()
    {
        Assert.Equal(0u, UserDatabase.Resolve("root"));
        Assert.Equal(0u, UserDatabase.Resolve("0"));
        Assert.Equal(4000000000u, UserDatabase.Resolve("4000000000")); // a number needs no entry
        Assert.Equal("root", UserDatabase.NameOf(0));
        Assert.Null(UserDatabase.NameOf(4000000000));
        foreach (string name in new[] { "no-such-user", "", " root", "-1", "4294967296", "root\n" })
        {
            EbpfException e = Assert.Throws<EbpfException>(() => UserDatabase.Resolve(name));
            Assert.Equal("EbpfUserNotFound", e.ErrorId);
            Assert.Contains($"'{name}'", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Processes_but_not_threads()
    {
        Assert.True(Processes.Exists(Environment.ProcessId));
        Assert.False(Processes.Exists(int.MaxValue));
        Assert.False(Processes.Exists(0));
        Assert.False(Processes.Exists(-1));
        int thread = Directory.EnumerateDirectories("/proc/self/task").Select(t => int.Parse(Path.GetFileName(t)!)).First(t => t != Environment.ProcessId);
        Assert.False(Processes.Exists(thread));
    }

    [Fact]
    public void Children_whatever_their_name()
    {
        string program = Path.Combine(TestFolder.New(), "a) S 1 (b");
        File.Copy(CauseProgram.Path, program);
        using Cause cause = Cause.From(program);
        Assert.Contains(cause.Id, Processes.ChildrenOf(new HashSet<int> { Environment.ProcessId }));
        Assert.DoesNotContain(cause.Id, Processes.ChildrenOf(new HashSet<int> { cause.Id }));
        RunningProcess shown = RunningProcess.All().Single(p => p.Id == cause.Id);
        Assert.Equal("a) S 1 (b", shown.Name);
        Assert.Equal($"'{program}' ready", shown.CommandLine);
    }

    [Fact]
    public void The_clock_is_the_time_of_day()
    {
        long bootNow = (long)(double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0]) * 1e9);
        DateTimeOffset now = BootClock.ToLocalTime(BootClock.BootUtcTicks(), (ulong)bootNow);
        Assert.InRange((DateTimeOffset.Now - now).TotalSeconds, -2, 2);
        Assert.Equal(DateTimeOffset.Now.Offset, now.Offset);
    }

    [Fact]
    public void Tracers_are_found_without_a_list()
    {
        Assert.Equal(["execsnoop", "rmdetect"], Tracer.All.Select(t => t.Tool).Intersect(["execsnoop", "rmdetect"]));
        Assert.All(Tracer.All, t =>
        {
            Assert.NotEmpty(t.Description);
            Assert.NotEmpty(t.Columns);
            // All but the last column, with a space behind each, leave room in 120 characters.
            Assert.InRange(t.Columns.Sum(c => c.Width + 1) - 1, 40, 120);
        });
    }
}
