using System.Text.Json;
using Ebee.Maps;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>What the kernel holds, against what bpftool says of it.</summary>
[Trait("Category", "Live")]
public sealed class InventoryTests
{
    [LiveFact]
    public void Programs_are_as_bpftool_shows_them()
    {
        using KnownObjects known = new();
        Dictionary<uint, EbpfProgram> programs = [];
        Dictionary<uint, JsonElement> expected = Bpftool.Around("prog", () => programs = List(i => i.Programs(), p => p.Id));
        foreach ((uint id, JsonElement item) in expected)
        {
            EbpfProgram program = Assert.Contains(id, programs);
            foreach (JsonProperty field in item.EnumerateObject())
            {
                switch (field.Name)
                {
                    case "id": Assert.Equal(field.Value.GetUInt32(), program.Id); break;
                    case "type": Assert.Equal(field.Value.GetString(), program.Type); break;
                    case "name": Assert.Equal(field.Value.GetString(), program.Name); break;
                    case "tag": Assert.Equal(field.Value.GetString(), program.Tag); break;
                    case "gpl_compatible": Assert.Equal(field.Value.GetBoolean(), program.GplCompatible); break;
                    // bpftool works with another reading of the clocks, in whole seconds.
                    case "loaded_at": Assert.InRange(program.LoadTime.ToUnixTimeSeconds() - field.Value.GetInt64(), -1, 1); break;
                    case "uid": Assert.Equal(field.Value.GetUInt32(), program.UserId); break;
                    case "bytes_xlated": Assert.Equal(field.Value.GetUInt32(), program.TranslatedBytes); break;
                    case "jited": Assert.Equal(field.Value.GetBoolean(), program.JittedBytes > 0); break;
                    case "bytes_jited": Assert.Equal(field.Value.GetUInt32(), program.JittedBytes); break;
                    case "bytes_memlock": Assert.Equal(field.Value.GetUInt64(), program.MemoryLockedBytes); break;
                    case "map_ids": Assert.Equal(Numbers(field.Value), program.MapId); break;
                    case "btf_id": Assert.Equal(field.Value.GetUInt32(), program.BtfId); break;
                    case "run_time_ns": Assert.Equal(field.Value.GetUInt64(), program.RunTimeNs); break;
                    case "run_cnt": Assert.Equal(field.Value.GetUInt64(), program.RunCount); break;
                    case "recursion_misses": Assert.Equal(field.Value.GetUInt64(), program.RecursionMisses); break;
                    case "pids" or "pinned": break;
                    default: Assert.Fail($"bpftool shows {field}, which EbpfProgram has not."); break;
                }
            }
            Assert.Equal(item.TryGetProperty("map_ids", out _), program.MapId.Length > 0);
            Assert.Equal(item.TryGetProperty("btf_id", out _), program.BtfId is not null);
            Assert.Equal(item.TryGetProperty("name", out _), program.Name.Length > 0);
        }
        EbpfProgram[] mine = [.. expected.Keys.Select(id => programs[id]).Where(p => p.ProcessId.Contains(Environment.ProcessId)
            && p.Name.StartsWith("known_", StringComparison.Ordinal))];
        Assert.Equal(["cgroup_skb", "raw_tracepoint", "socket_filter", "tracing", "tracing", "xdp"], mine.Select(p => p.Type).Order(StringComparer.Ordinal));
        EbpfProgram cut = Assert.Single(mine, p => p.Name == "known_with_a_name_that_the_kernel_cuts");
        Assert.Equal("sched_process_exec", cut.AttachedTo);
        Assert.Equal((0u, "root", true), (cut.UserId, cut.UserName, cut.VerifiedInstructions > 0));
        Assert.InRange(DateTimeOffset.Now - cut.LoadTime, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(cut.ProcessId.Length, cut.ProcessName.Length);
    }

    [LiveFact]
    public void Maps_are_as_bpftool_shows_them()
    {
        using KnownObjects known = new();
        Dictionary<uint, EbpfMap> maps = [];
        Dictionary<uint, JsonElement> expected = Bpftool.Around("map", () => maps = List(i => i.Maps(), m => m.Id));
        foreach ((uint id, JsonElement item) in expected)
        {
            EbpfMap map = Assert.Contains(id, maps);
            foreach (JsonProperty field in item.EnumerateObject())
            {
                switch (field.Name)
                {
                    case "id": Assert.Equal(field.Value.GetUInt32(), map.Id); break;
                    case "type": Assert.Equal(Text(field.Value), map.Type); break;
                    case "name": Assert.Equal(field.Value.GetString(), map.Name); break;
                    case "flags": Assert.Equal(field.Value.GetUInt32(), map.Flags); break;
                    case "bytes_key": Assert.Equal(field.Value.GetUInt32(), map.KeySize); break;
                    case "bytes_value": Assert.Equal(field.Value.GetUInt32(), map.ValueSize); break;
                    case "max_entries": Assert.Equal(field.Value.GetUInt32(), map.MaxEntries); break;
                    case "bytes_memlock": Assert.Equal(field.Value.GetUInt64(), map.MemoryLockedBytes); break;
                    case "frozen": Assert.Equal(field.Value.GetInt32() != 0, map.Frozen); break;
                    case "btf_id": Assert.Equal(field.Value.GetUInt32(), map.BtfId); break;
                    case "pids" or "pinned" or "owner_prog_type" or "owner_jited": break;
                    default: Assert.Fail($"bpftool shows {field}, which EbpfMap has not."); break;
                }
            }
            Assert.Equal(item.TryGetProperty("btf_id", out _), map.BtfId is not null);
        }
        EbpfMap[] mine = [.. expected.Keys.Select(id => maps[id]).Where(m => m.ProcessId.Contains(Environment.ProcessId)
            && m.Name.StartsWith("known", StringComparison.Ordinal))];
        Assert.Equal(["array", "hash", "lru_percpu_hash", "prog_array", "queue", "ringbuf"], mine.Select(m => m.Type).Order(StringComparer.Ordinal));
        Assert.Equal("known.rodata", Assert.Single(mine, m => m.Frozen).Name);
    }

    [LiveFact]
    public void Links_are_as_bpftool_shows_them()
    {
        using KnownObjects known = new();
        using Cgroup cgroup = Cgroup.New("", $"ebee-{Environment.ProcessId}-inventory");
        known.LinkToCgroup(cgroup.Folder);
        Dictionary<uint, EbpfLink> links = [];
        Dictionary<uint, JsonElement> expected = Bpftool.Around("link", () => links = List(i => i.Links(), l => l.Id));
        foreach ((uint id, JsonElement item) in expected)
        {
            EbpfLink link = Assert.Contains(id, links);
            foreach (JsonProperty field in item.EnumerateObject())
            {
                switch (field.Name)
                {
                    case "id": Assert.Equal(field.Value.GetUInt32(), link.Id); break;
                    case "type": Assert.Equal(Text(field.Value), link.Type); break;
                    case "prog_id": Assert.Equal(field.Value.GetUInt32(), link.ProgramId); break;
                    case "prog_type": Assert.Equal(Text(field.Value), link.ProgramType); break;
                    case "tp_name": Assert.Equal(field.Value.GetString(), link.TracepointName); break;
                    case "attach_type": Assert.Equal(Text(field.Value), link.AttachType); break;
                    case "target_obj_id": Assert.Equal(field.Value.GetUInt32(), link.TargetObjectId); break;
                    case "target_btf_id": Assert.Equal(field.Value.GetUInt32(), link.TargetBtfId); break;
                    case "target_name": Assert.Equal(field.Value.GetString(), link.TargetName); break;
                    case "cgroup_id": Assert.Equal(field.Value.GetUInt64(), link.CgroupId); break;
                    case "netns_ino": Assert.Equal(field.Value.GetUInt32(), link.NetworkNamespace); break;
                    case "map_id": Assert.Equal(field.Value.GetUInt32(), link.MapId); break;
                    case "pids" or "pinned": break;
                    default: Assert.Fail($"bpftool shows {field}, which EbpfLink has not."); break;
                }
            }
        }
        EbpfLink[] mine = [.. expected.Keys.Select(id => links[id]).Where(l => l.ProcessId.Contains(Environment.ProcessId)
            && l.ProgramName?.StartsWith("known_", StringComparison.Ordinal) == true)];
        Assert.Equal(["cgroup", "iter", "raw_tracepoint", "raw_tracepoint"], mine.Select(l => l.Type).Order(StringComparer.Ordinal));
        EbpfLink toCgroup = Assert.Single(mine, l => l.Type == "cgroup");
        Assert.Equal((Sys.Stat(Sys.Bytes(cgroup.Folder)).Inode, "cgroup_inet_egress", "cgroup_skb"),
            (toCgroup.CgroupId, toCgroup.AttachType, toCgroup.ProgramType));
    }

    [LiveFact]
    public void A_link_to_an_interface_names_it()
    {
        string name = $"eb{Environment.ProcessId}";
        SkipException.If(CommandRun.Run("ip", ["link", "add", name, "type", "veth", "peer", "name", name + "p"]).ExitCode != 0, "needs veth");
        try
        {
            using KnownObjects known = new();
            known.LinkToInterface(name);
            EbpfLink link = Assert.Single(List(i => i.Links(), l => l.Id).Values, l => l.Type == "xdp" && l.InterfaceName == name);
            Assert.Equal(("known_xdp", "xdp"), (link.ProgramName, link.ProgramType));
            Assert.Equal(File.ReadAllText($"/sys/class/net/{name}/ifindex").Trim(), $"{link.InterfaceIndex}");
        }
        finally
        {
            Assert.Equal(0, CommandRun.Run("ip", ["link", "delete", name]).ExitCode);
        }
    }

    [LiveFact]
    public void What_is_not_there_is_null()
    {
        using HostInventory inventory = new(withHolders: false);
        Assert.Null(inventory.Program(uint.MaxValue));
        Assert.Null(inventory.Map(uint.MaxValue));
        Assert.Null(inventory.Link(uint.MaxValue));
    }

    [LiveFact]
    public void A_thousand_listings_leave_no_descriptor()
    {
        using KnownObjects known = new();
        int before = 0;
        for (int i = -10; i < Guest.Times(1000); i++)
        {
            if (i == 0)
            {
                before = Directory.GetFileSystemEntries("/proc/self/fd").Length; // the runtime has opened its own by now
            }
            using HostInventory inventory = new(withHolders: i % 100 == 0);
            Assert.NotEmpty(inventory.Programs().ToArray());
            Assert.NotEmpty(inventory.Maps().ToArray());
            Assert.NotEmpty(inventory.Links().ToArray());
        }
        // The runtime's own threads may have opened a few.
        Assert.InRange(Directory.GetFileSystemEntries("/proc/self/fd").Length, 0, before + 5);
    }

    private static Dictionary<uint, T> List<T>(Func<HostInventory, IEnumerable<T>> list, Func<T, uint> id)
    {
        using HostInventory inventory = new();
        return list(inventory).ToDictionary(id);
    }

    // What bpftool knows no name of, it shows as a number.
    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetRawText() : value.GetString()!;

    private static uint[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetUInt32())];
}
