using System.Text.Json;
using Ebee.Host;
using Ebee.Host.Features;

namespace Ebee.Tests.Live;

/// <summary>
/// What the kernel has, against what bpftool says. bpftool asks through the distribution's libbpf, which misreads newer
/// kernels; where it does, the same program is loaded by bpftool prog load, and what the verifier then says counts.
/// </summary>
[Trait("Category", "Live")]
public sealed class FeatureTests
{
    private static readonly Lazy<JsonElement?> Probed = new(static () => Probe());

    // Sections whose programs need no target.
    private static readonly Dictionary<string, string> Sections = new()
    {
        ["socket_filter"] = "socket",
        ["kprobe"] = "kprobe/bpf_fentry_test1",
        ["sched_cls"] = "tc",
        ["tracepoint"] = "tracepoint/sched/sched_switch",
        ["xdp"] = "xdp",
        ["perf_event"] = "perf_event",
        ["cgroup_skb"] = "cgroup_skb/egress",
        ["sock_ops"] = "sockops",
        ["raw_tracepoint"] = "raw_tp/sched_switch",
    };

    [LiveFact]
    public void Types_of_programs_are_as_bpftool_shows_them()
    {
        Dictionary<string, EbpfFeature> types = Ask(EbpfFeatureCategory.ProgramType);
        foreach (JsonProperty expected in Expected("program_types"))
        {
            string name = expected.Name["have_".Length..^"_prog_type".Length];
            EbpfFeature type = Assert.Contains(name, types);
            if (name == "tracing" && type.IsSupported == true && !expected.Value.GetBoolean())
            {
                using KnownObjects known = new(); // libbpf tries fentry alone, which can be refused where tp_btf is not
                Assert.Contains(Bpftool.Around("prog", () => { }).Values, program => program.GetProperty("type").GetString() == "tracing");
                continue;
            }
            Assert.Equal(expected.Value.GetBoolean(), type.IsSupported);
            Assert.Equal(type.IsSupported == true, type.Detail is null);
        }
        Assert.True(types.Count >= 31);
    }

    [LiveFact]
    public void Types_of_maps_are_as_bpftool_shows_them()
    {
        Dictionary<string, EbpfFeature> types = Ask(EbpfFeatureCategory.MapType);
        foreach (JsonProperty expected in Expected("map_types"))
        {
            Assert.Equal(expected.Value.GetBoolean(), Assert.Contains(expected.Name["have_".Length..^"_map_type".Length], types).IsSupported);
        }
        Assert.True(types["ringbuf"].IsSupported);
    }

    [LiveFact]
    public void Limits_are_as_bpftool_shows_them()
    {
        Dictionary<string, EbpfFeature> limits = Ask(EbpfFeatureCategory.Limit);
        foreach (JsonProperty expected in Expected("misc"))
        {
            Assert.Equal(expected.Value.GetBoolean(), Assert.Contains(expected.Name["have_".Length..], limits).IsSupported);
        }
        Assert.Equal("1000000", limits["max_instructions"].Value); // for root, from Linux 5.2 on
    }

    [LiveFact]
    public void Options_and_settings_are_as_bpftool_shows_them()
    {
        Dictionary<string, EbpfFeature> options = Ask(EbpfFeatureCategory.KernelOption), settings = Ask(EbpfFeatureCategory.Sysctl);
        int count = 0;
        foreach (JsonProperty expected in Expected("system_config"))
        {
            bool isOption = expected.Name.StartsWith("CONFIG_", StringComparison.Ordinal);
            string? value = Assert.Contains(expected.Name, isOption ? options : settings).Value;
            Assert.Equal(expected.Value.ToString(), value ?? (isOption ? "" : "-1"));
            count++;
        }
        Assert.True(count >= 5);
    }

    [LiveFact]
    public void Helpers_are_as_bpftool_shows_them_or_as_the_verifier_says()
    {
        using FeatureProbe probe = new();
        Dictionary<string, HashSet<string>> callers = probe.Questions(EbpfFeatureCategory.Helper).Select(probe.Ask)
            .ToDictionary(helper => helper.Name, helper => helper.ProgramType.ToHashSet());
        string[] names = [.. callers.Keys];
        Assert.InRange(names.Length, 170, 400);
        List<(string Helper, string Type)> otherwise = [], alike = [];
        foreach (JsonProperty list in Expected("helpers"))
        {
            string type = list.Name[..^"_available_helpers".Length];
            HashSet<string> expected = [.. list.Value.EnumerateArray().Select(helper => helper.GetString()!)];
            Assert.All(expected, helper => Assert.Contains(helper, callers.Keys));
            if (expected.Count == 0)
            {
                continue; // a type that it does not try
            }
            foreach (string helper in names)
            {
                (expected.Contains(helper) == callers[helper].Contains(type) ? alike : otherwise).Add((helper, type));
            }
        }
        // Seventeen of each, from all over, are loaded by another loader.
        foreach ((string helper, string type) in Sample(otherwise).Concat(Sample(alike)))
        {
            Assert.Equal((helper, type, callers[helper].Contains(type)), (helper, type, !IsRefused(Array.IndexOf(names, helper) + 1, Sections[type])));
        }
        Assert.Equal(["xdp"], callers["bpf_xdp_adjust_head"]);
        Assert.Contains("kprobe", callers["bpf_ringbuf_output"]);
    }

    [LiveFact]
    public void Kinds_that_attach_are_those_that_libbpf_attaches()
    {
        Dictionary<string, EbpfFeature> kinds = Ask(EbpfFeatureCategory.AttachKind);
        using (KnownObjects known = new()) // attached by libbpf
        {
            Assert.All(["raw_tracepoint", "tp_btf", "iter"], kind => Assert.True(kinds[kind].IsSupported));
        }
        foreach ((string kind, string section) in new[]
        {
            ("raw_tracepoint", "raw_tp/bpf_test_finish"), ("fentry", "fentry/bpf_fentry_test1"), ("fexit", "fexit/bpf_fentry_test1"),
            ("fmod_ret", "fmod_ret/bpf_modify_return_test"), ("lsm", "lsm/sb_umount"), ("kprobe", "kprobe/bpf_fentry_test1"),
            ("kprobe.multi", "kprobe.multi/bpf_fentry_test1"), ("iter", "iter/task"),
        })
        {
            Assert.Equal((kind, KnownObjects.Attaches(Compile(section, "return 0;"), "trial")), (kind, kinds[kind].IsSupported == true));
            Assert.Equal(kinds[kind].IsSupported == false, kinds[kind].Detail is not null);
        }
        Assert.Equal(Directory.Exists("/sys/bus/event_source/devices/uprobe"), kinds["uprobe"].IsSupported);
    }

    [LiveFact]
    public void Trials_leave_nothing()
    {
        Ask(EbpfFeatureCategory.AttachKind);
        SortedSet<string> before = BpfInventory.All();
        int open = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        SpinWait.SpinUntil(() => Namespaces().Length == 1, 2000); // a thread of the test before may still be ending
        string[] namespaces = Namespaces(), interfaces = Directory.GetFileSystemEntries("/sys/class/net");
        for (int i = 0; i < 3; i++)
        {
            foreach (EbpfFeatureCategory category in Enum.GetValues<EbpfFeatureCategory>())
            {
                Ask(category);
            }
        }
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
        Assert.InRange(Directory.GetFileSystemEntries("/proc/self/fd").Length, 0, open + 5); // the runtime's own
        Assert.Equal(namespaces, Namespaces());
        Assert.Equal(interfaces, Directory.GetFileSystemEntries("/sys/class/net"));

        static string[] Namespaces() => [.. Directory.GetFileSystemEntries("/proc/self/task")
            .Select(task => new FileInfo($"{task}/ns/net").LinkTarget).OfType<string>().Distinct()];
    }

    [LiveFact]
    public void The_system_is_as_the_machine_shows_it()
    {
        Dictionary<string, EbpfFeature> facts = Ask(EbpfFeatureCategory.System);
        Assert.Equal(CommandRun.Run("uname", ["-r"]).Output.Trim(), facts["kernel_release"].Value);
        Assert.True(facts["btf"].IsSupported);
        Assert.True(facts["bpf_syscall"].IsSupported);
        CommandRun run = CommandRun.Run("unshare", ["--mount", "sh", "-c", "mount -t securityfs none /sys/kernel/security; cd /sys/kernel/security && cat lsm lockdown"]);
        SkipException.If(run.ExitCode != 0, "needs securityfs");
        string[] lines = run.Output.TrimEnd().Split('\n');
        // The first file has no line break at its end.
        Assert.StartsWith(facts["lsm"].Value!, lines[0], StringComparison.Ordinal);
        Assert.Contains($"[{facts["lockdown"].Value}]", run.Output, StringComparison.Ordinal);
    }

    private static Dictionary<string, EbpfFeature> Ask(EbpfFeatureCategory category)
    {
        using FeatureProbe probe = new();
        Assert.Empty(probe.MissingPrivileges);
        return probe.Questions(category).Select(probe.Ask).ToDictionary(feature => feature.Name);
    }

    private static JsonElement.ObjectEnumerator Expected(string section)
    {
        SkipException.If(Probed.Value is null, "needs bpftool");
        return Probed.Value!.Value.GetProperty(section).EnumerateObject();
    }

    private static JsonElement? Probe()
    {
        try
        {
            CommandRun run = CommandRun.Run("bpftool", ["-j", "feature", "probe", "kernel", "full"]);
            return run.ExitCode == 0 ? JsonDocument.Parse(run.Output).RootElement : throw new InvalidOperationException(run.Errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // not installed
        }
    }

    private static IEnumerable<(string Helper, string Type)> Sample(List<(string Helper, string Type)> all)
    {
        List<(string, string)> loadable = all.FindAll(pair => Sections.ContainsKey(pair.Type));
        return Enumerable.Range(0, Math.Min(17, loadable.Count)).Select(i => loadable[i * loadable.Count / 17 % loadable.Count]);
    }

    // Whether the verifier says of a helper that such a program may not call it. Its log is in what bpftool prints.
    private static bool IsRefused(int helper, string section)
    {
        string file = Compile(section, $"return ((long (*)(void *)){helper})(context);");
        // Pinned in a bpffs that goes with the mount namespace.
        string script = $"cd {Path.GetDirectoryName(file)} && mkdir pins && mount -t bpf none pins && bpftool -d prog load {file} pins/trial";
        string said = CommandRun.Run("unshare", ["--mount", "sh", "-c", script]).Errors;
        Assert.Contains("BEGIN PROG LOAD LOG", said, StringComparison.Ordinal);
        return said.Contains("cannot use helper", StringComparison.Ordinal) || said.Contains("unknown func", StringComparison.Ordinal)
            || said.Contains("invalid func", StringComparison.Ordinal);
    }

    private static string Compile(string section, string body)
    {
        string folder = TestFolder.New("trial");
        File.WriteAllText($"{folder}/trial.bpf.c",
            $"__attribute__((section(\"{section}\"), used)) int trial(void *context) {{ {body} }}\n" +
            "char LICENSE[] __attribute__((section(\"license\"), used)) = \"GPL\";\n");
        CommandRun run = CommandRun.Run("clang", ["-target", "bpf", "-O2", "-g", "-mcpu=v3", "-c", $"{folder}/trial.bpf.c", "-o", $"{folder}/trial.bpf.o"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        return $"{folder}/trial.bpf.o";
    }
}
