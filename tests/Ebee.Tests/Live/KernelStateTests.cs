using System.Globalization;
using Ebee.Bindings;
using Ebee.Native;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>What the kernel side keeps between and during events: its buffers and its sets, when they are taken or full.</summary>
[Trait("Category", "Live")]
public sealed unsafe class KernelStateTests
{
    private const int Hash = 1, Array = 2; // enum bpf_map_type

    [LiveFact]
    public void A_record_finds_a_buffer_while_those_of_the_cpus_are_taken()
    {
        using Cause cause = new("child", "a", "await", "child", "b", "await", "child", "c");
        HashSet<int> before = [.. Maps().Select(map => map.Id)];
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [cause.Id], IncludeChildren = true });
        Map scratches = Assert.Single(Maps(before, Array), map => map.ValueSize > 32768);
        Assert.Equal((int)ScratchPool.ScratchesShared + Ebee.Host.Processors.PossibleCount, scratches.Entries);

        // As programs that were interrupted hold them: first each CPU's own, then all.
        for (int i = (int)ScratchPool.ScratchesShared; i < scratches.Entries; i++)
        {
            Claim(scratches, i, 1);
        }
        Next(cause);
        for (int i = 0; i < scratches.Entries; i++)
        {
            Claim(scratches, i, 1);
        }
        Next(cause);
        Claim(scratches, 5, 0);
        cause.Go();
        Assert.Equal(["a", "c"], probe.Drain().Select(e => e.Argument[^1]));
        Assert.Equal((1, 0), (probe.Lost, probe.LostToFullRing));
    }

    [LiveFact]
    public void All_buffers_are_free_afterwards()
    {
        using Cause cause = new("many", "4", "500", Tracing.NewMark());
        HashSet<int> before = [.. Maps().Select(map => map.Id)];
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [cause.Id], IncludeChildren = true });
        Map scratches = Assert.Single(Maps(before, Array), map => map.ValueSize > 32768);
        cause.Go();
        Assert.Equal(500, probe.DrainAll().Count);
        byte[] value = new byte[scratches.ValueSize];
        for (int i = 0; i < scratches.Entries; i++)
        {
            fixed (byte* data = value)
            {
                Assert.Equal(0, LibBpf.bpf_map_lookup_elem(scratches.Descriptor, &i, data));
            }
            Assert.Equal(0, BitConverter.ToInt32(value)); // its claims
        }
    }

    [LiveFact]
    public void The_sets_of_processes_have_room_for_all_that_can_live()
    {
        using Cause cause = new();
        HashSet<int> before = [.. Maps().Select(map => map.Id)];
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions
        {
            ProcessId = [cause.Id],
            IncludeChildren = true,
            ExcludeProcessId = [1],
        });
        int most = Math.Min(Limit("threads-max"), Limit("pid_max"));
        SkipException.If(Ebee.Host.KernelRelease.IsOlderThan(6, 1), "needs maps that may grow (Linux 6.1)");
        Assert.Equal(2, Maps(before, Hash).Count(map => map.ValueSize == 1 && map.Entries == 1 + most));
        cause.Go();

        static int Limit(string name) => int.Parse(File.ReadAllText($"/proc/sys/kernel/{name}"), CultureInfo.InvariantCulture);
    }

    [LiveTheory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void A_full_set_loses_the_children_of_those_asked_for_and_shows_those_of_the_excluded(bool followed, int lost)
    {
        using Cause cause = new("child", "first", "await", "child", "second");
        HashSet<int> before = [.. Maps().Select(map => map.Id)];
        using Probe<ExecEvent> probe = new ExecTracer().Start(followed
            ? new TracerOptions { ProcessId = [cause.Id], IncludeChildren = true }
            : new TracerOptions { ExcludeProcessId = [cause.Id], Name = ["cause"] });
        Next(cause);
        Map set = Assert.Single(Maps(before, Hash), map => map.ValueSize == 1 && map.Entries > 1000);
        byte one = 1;
        int result = 0;
        for (uint id = uint.MaxValue; result == 0; id--) // ids that no process has
        {
            result = LibBpf.bpf_map_update_elem(set.Descriptor, &id, &one, 0);
        }
        Assert.Equal(-7, result); // E2BIG
        cause.Go();
        List<ExecEvent> events = [.. probe.Drain().Where(e => e.ParentProcessId == cause.Id)];
        Assert.Equal(followed ? ["first"] : ["second"], events.Select(e => e.Argument[^1]));
        Assert.Equal(lost, probe.Lost);
    }

    // Lets the cause do what it does before its next "await", and waits for that.
    private static void Next(Cause cause)
    {
        cause.Continue();
        Assert.StartsWith("child=", cause.ReadLine(), StringComparison.Ordinal);
        while (File.Exists($"/proc/{cause.Id}/task/{cause.Id}/children") && File.ReadAllText($"/proc/{cause.Id}/task/{cause.Id}/children").Length > 0)
        {
            Thread.Sleep(5);
        }
    }

    private static void Claim(Map scratches, int index, uint claims)
    {
        byte[] value = new byte[scratches.ValueSize];
        BitConverter.TryWriteBytes(value, claims);
        fixed (byte* data = value)
        {
            Assert.Equal(0, LibBpf.bpf_map_update_elem(scratches.Descriptor, &index, data, 0));
        }
    }

    private sealed record Map(int Descriptor, int Id, int Type, int ValueSize, int Entries);

    // This process's maps of a type, but for those of the ids that there were before.
    private static IEnumerable<Map> Maps(HashSet<int> before, int type) => Maps().Where(map => map.Type == type && !before.Contains(map.Id));

    private static List<Map> Maps()
    {
        List<Map> maps = [];
        foreach (string file in Directory.EnumerateFiles("/proc/self/fdinfo"))
        {
            try
            {
                Dictionary<string, string> facts = File.ReadAllLines(file).Select(line => line.Split(':', 2))
                    .Where(pair => pair.Length == 2).GroupBy(pair => pair[0]).ToDictionary(group => group.Key, group => group.First()[1].Trim());
                if (facts.ContainsKey("map_type"))
                {
                    maps.Add(new Map(int.Parse(Path.GetFileName(file), CultureInfo.InvariantCulture), Number("map_id"), Number("map_type"), Number("value_size"), Number("max_entries")));
                }

                int Number(string name) => int.Parse(facts[name], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // closed meanwhile
            }
        }
        return maps;
    }
}
