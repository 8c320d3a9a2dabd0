using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ebee.Btf;
using Ebee.Host;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Entries of maps of every type; the witness is bpftool's dump of the same map.</summary>
public sealed class MapTests : IDisposable
{
    private static readonly int Cpus = Ebee.Host.Processors.PossibleCount;
    private readonly Lazy<EbpfProbe> _probe = new(() => EbpfProbe.Start(BpfCause.Object("maps")));

    // What is set in each map, by the names that a user gives.
    private static readonly Dictionary<string, (object? Key, object Value)[]> Contents = new()
    {
        ["hash"] = [(1, 10), (2, "0xffffffffffffffff"), (uint.MaxValue, 0)],
        ["array"] = [(0, new Hashtable { ["x"] = 1, ["y"] = -1 }), (3, new { x = int.MaxValue })],
        ["lru_hash"] = [(new { x = 1, y = 2 }, new { packets = ulong.MaxValue, errors = 3, flags = 15, name = "eth0" })],
        ["percpu_hash"] = [(7, new { packets = 5, errors = 2, flags = 1, name = "a" })],
        ["percpu_array"] = [(0, Enumerable.Range(10, Cpus).ToArray()), (2, 1)],
        ["lru_pcpu_hash"] = [(1UL << 40, -3)],
        ["devmap"] = [(1, 1)],
        ["untyped"] = [(new byte[] { 1, 2, 3, 4 }, "abcdef"), (0x05040302, new byte[] { 9, 8, 7, 6, 5, 4 })],
        ["lpm4"] = [("10.0.0.0/8", 1), ("192.168.7.0/24", 2), (new { prefixlen = 0 }, 3)],
        ["lpm6"] = [("fd00::/8", 1), ("::1", 2)],
    };

    public static TheoryData<string> Filled => new(Contents.Keys);

    [LiveTheory]
    [MemberData(nameof(Filled))]
    public void What_is_set_is_what_bpftool_dumps(string name)
    {
        EbpfMap map = Fill(name);
        using MapAccess access = new(map);
        AssertAsDumped(access);
        Assert.All(Contents[name], item => Assert.NotNull(access.Get(item.Key!)));

        // What was read can be written: the same bytes again.
        EbpfMapEntry[] entries = [.. access.All()];
        access.Clear();
        foreach (EbpfMapEntry entry in entries)
        {
            access.Set(entry.Key, entry.Value);
        }
        Assert.Equal(entries.Select(Bytes).Order(StringComparer.Ordinal), access.All().Select(Bytes).Order(StringComparer.Ordinal));
    }

    [LiveFact]
    public void What_is_found_by_its_id_is_what_the_probe_has()
    {
        EbpfMap own = Fill("lru_hash");
        using HostInventory inventory = new(withHolders: false);
        using MapAccess byHandle = new(own), byId = new(inventory.Map(own.Id)!);
        EbpfMapEntry one = Assert.Single(byHandle.All()), other = Assert.Single(byId.All());
        Assert.Equal("struct stats { packets = 18446744073709551615, errors = 3, flags = 15, name = eth0 }", $"{other.Value}");
        Assert.Equal(one.Value, other.Value);
        Assert.Same(one.Value.GetType(), other.Value.GetType()); // the kernel's BTF and the object's make one class
        Assert.Equal(one.Key, other.Key);
    }

    [LiveFact]
    public void Values_of_CPUs_are_added_up()
    {
        using MapAccess numbers = new(Fill("percpu_array")), structs = new(Fill("percpu_hash"));
        Assert.Equal((ulong)Enumerable.Range(10, Cpus).Sum(), numbers.Get(0, sums: true)!.Value);
        Assert.Equal(Enumerable.Range(10, Cpus).Select(value => (object)(uint)value), numbers.Get(0)!.Values!);
        Assert.Equal($"struct stats {{ packets = {5 * Cpus}, errors = {2 * Cpus}, flags = {Cpus}, name = a }}", $"{structs.All(sums: true).Single().Value}");
        structs.Set(7, new { packets = ulong.MaxValue });
        if (Cpus > 1)
        {
            Assert.Equal(EbpfError.InvalidValue, Assert.Throws<EbpfException>(() => structs.Get(7, sums: true)!.Value).Error);
        }
        EbpfException wrong = Assert.Throws<EbpfException>(() => numbers.Set(0, new int[Cpus + 1]));
        Assert.Contains($"{Cpus} possible CPUs", wrong.Message);
    }

    [LiveFact]
    public void A_queue_and_a_stack_are_pushed_peeked_and_popped()
    {
        using MapAccess queue = Open("queue"), stack = Open("stack");
        Assert.Empty(queue.All());
        Assert.Null(queue.Pop());
        for (int i = 1; i <= 4; i++)
        {
            queue.Set(null, new { x = i });
            stack.Set(null, i);
        }
        Assert.Equal(EbpfError.MapFailed, Assert.Throws<EbpfException>(() => queue.Set(null, new { x = 5 })).Error);
        Assert.Equal("struct point { x = 1, y = 0 }", $"{Assert.Single(queue.All()).Value}");
        Assert.Equal(4u, Assert.Single(stack.All()).Value);
        Assert.Null(queue.All().Single().Key);
        Assert.Equal(["1", "2"], new[] { queue.Pop(), queue.Pop() }.Select(entry => $"{entry!.Value}"[19..20]));
        Assert.Equal([4u, 3u], new[] { stack.Pop(), stack.Pop() }.Select(entry => (uint)entry!.Value));
        stack.Clear();
        Assert.Null(stack.Pop());
        Assert.Equal(EbpfError.NotSupported, Assert.Throws<EbpfException>(() => queue.Get(0)).Error);
    }

    [LiveFact]
    public unsafe void A_bloom_filter_says_whether_a_value_was_added()
    {
        const uint BloomFilter = 30; // BPF_MAP_TYPE_BLOOM_FILTER
        int fd = LibBpf.bpf_map_create(BloomFilter, "ebee_bloom", 0, 4, 1000, null);
        SkipException.If(fd == -Errno.Einval, "needs Linux 5.16");
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = new(fd, ownsHandle: true);
        using HostInventory inventory = new(withHolders: false);
        using MapAccess bloom = new(inventory.Map(handle, null));
        bloom.Set(null, 42);
        Assert.Equal(new byte[] { 42, 0, 0, 0 }, bloom.Get(42)!.Value);
        Assert.InRange(Enumerable.Range(1000, 1000).Count(value => bloom.Get(value) is not null), 0, 500);
        Assert.Equal(EbpfError.NotSupported, Assert.Throws<EbpfException>(() => bloom.All().Any()).Error);
        Assert.Equal(EbpfError.NotSupported, Assert.Throws<EbpfException>(bloom.Clear).Error);
    }

    [LiveTheory]
    [InlineData("array_of_maps")]
    [InlineData("hash_of_maps")]
    public void Maps_within_maps_are_read_as_ids(string name)
    {
        using MapAccess outer = Open(name);
        EbpfMap inner = _probe.Value.Maps["array"];
        outer.Set(1, inner);
        Assert.Equal(inner.Id, Assert.Single(outer.All()).Value);
        AssertAsDumped(outer);
        outer.Set(2, inner.Id);
        Assert.Equal(2, outer.All().Count());
        Assert.True(outer.Remove(2));
        Assert.False(outer.Remove(2) && name == "hash_of_maps");
        Assert.Equal(EbpfError.MapNotFound, Assert.Throws<EbpfException>(() => outer.Set(0, 4_000_000_000)).Error);
        Assert.Equal(EbpfError.InvalidValue, Assert.Throws<EbpfException>(() => outer.Set(0, "name")).Error);
    }

    [LiveFact]
    public void Programs_of_a_program_array_are_read_as_ids()
    {
        using MapAccess programs = Open("prog_array");
        uint id = _probe.Value.Programs[0].ProgramId;
        programs.Set(2, _probe.Value.Programs[0]);
        EbpfMapEntry entry = Assert.Single(programs.All());
        Assert.Equal((2u, id), ((uint)entry.Key!, (uint)entry.Value));
        Assert.Equal(id, programs.Get(2)!.Value);
        programs.Clear();
        Assert.Empty(programs.All());
    }

    [LiveFact]
    public void Stacks_are_read_with_the_kernels_functions()
    {
        using MapAccess stacks = Open("stack_trace");
        Assert.Equal(0, CommandRun.Run("true", []).ExitCode);
        EbpfMapEntry entry = stacks.All().First();
        string[] frames = Assert.IsType<string[]>(entry.Value);
        Assert.True(frames.Length > 3);
        // The witness: the addresses as they are, and what /proc/kallsyms has at the last place before each.
        byte[] raw = stacks.ReadAll().First(item => item.Key.SequenceEqual(entry.KeyBytes.ToArray())).Value;
        (ulong Address, string Name)[] symbols = [.. File.ReadLines("/proc/kallsyms").Select(line => line.Split(' ', '\t')).Where(p => "tTwW".Contains(p[1], StringComparison.Ordinal))
            .Select(p => (ulong.Parse(p[0], NumberStyles.HexNumber), p[2]))];
        for (int i = 0; i < frames.Length; i++)
        {
            ulong address = BitConverter.ToUInt64(raw, 8 * i);
            ulong nearest = symbols.Where(s => s.Address <= address).Max(s => s.Address);
            Assert.Contains(frames[i], symbols.Where(s => s.Address == nearest).Select(s => $"{s.Name}+0x{address - nearest:x}"));
        }
        Assert.Contains(frames, frame => frame.Contains("exec", StringComparison.Ordinal));
    }

    [LiveFact]
    public void Functions_that_came_after_the_first_stack_have_their_names()
    {
        (ulong Address, string Name)[] Programs() => [.. Kallsyms.Read().Where(s => Regex.IsMatch(s.Name, "^bpf_prog_[0-9a-f]{16}")).Select(s => (s.Address, s.Name))];
        (ulong Address, string Name)[] before = Programs();
        ulong first = Kallsyms.Read().First(s => s.Name == "_stext").Address;
        Assert.EndsWith("+0x0", KernelSymbols.Describe(first), StringComparison.Ordinal);
        using KnownObjects known = new();
        (ulong Address, string Name)[] added = [.. Programs().Except(before)];
        Assert.NotEmpty(added);
        Thread.Sleep(1100); // they are read again after a second
        Assert.All(added, program => Assert.Equal($"{program.Name}+0x4", KernelSymbols.Describe(program.Address + 4)));
    }

    [LiveFact]
    public void Sockets_are_read_by_their_cookies()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using TcpClient client = new();
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        using Socket accepted = listener.AcceptSocket();
        byte[] cookie = new byte[8];
        client.Client.GetRawSocketOption(1, 57, cookie); // SOL_SOCKET, SO_COOKIE
        foreach (string name in new[] { "sockmap", "sockhash" })
        {
            EbpfMap map = _probe.Value.Maps[name];
            Put((int)map.Handle!.DangerousGetHandle(), 2, (ulong)client.Client.Handle);
            using MapAccess sockets = new(map);
            EbpfMapEntry entry = Assert.Single(sockets.All());
            Assert.Equal((2u, BitConverter.ToUInt64(cookie)), ((uint)entry.Key!, (ulong)entry.Value));
            AssertAsDumped(sockets);
        }
        EbpfMap narrow = _probe.Value.Maps["narrow_sockmap"];
        Put((int)narrow.Handle!.DangerousGetHandle(), 0, (ulong)client.Client.Handle);
        using MapAccess unreadable = new(narrow);
        EbpfException e = Assert.Throws<EbpfException>(() => unreadable.All().ToArray());
        Assert.Equal(EbpfError.NotSupported, e.Error);
        Assert.Contains("sockmap", e.Message);
    }

    [LiveFact]
    public void What_cannot_be_done_is_said()
    {
        using MapAccess hash = Open("hash"), array = Open("array"), readOnly = Open("read_only"), constants = Open(".rodata"), events = Open("perf_events");
        AssertError(EbpfError.InvalidValue, () => hash.Set(-1, 0), "4294967295");
        AssertError(EbpfError.InvalidValue, () => hash.Set("word", 0), "'word'");
        AssertError(EbpfError.InvalidValue, () => hash.Set(1, new Hashtable()), "__u64");
        AssertError(EbpfError.InvalidValue, () => hash.Set(null, 1), "key");
        AssertError(EbpfError.InvalidValue, () => array.Set(0, new Hashtable { ["z"] = 1 }), "'z'");
        AssertError(EbpfError.MapEntryNotFound, () => array.Set(4, new { x = 1 }), "0 to 3");
        AssertError(EbpfError.NotSupported, () => array.Remove(1), "cannot be removed");
        AssertError(EbpfError.MapFailed, () => readOnly.Set(1, 1), "BPF_F_RDONLY");
        AssertError(EbpfError.MapFailed, () => constants.Set(0, new { limit = 1 }), "frozen");
        AssertError(EbpfError.MapFailed, () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                hash.Set(i, i);
            }
        }, "64 entries");
        Assert.Equal(64, hash.All().Count());
        Assert.Null(hash.Get(2000));
        Assert.False(hash.Remove(2000));
        hash.Clear();
        Assert.Empty(hash.All());
        AssertError(EbpfError.NotSupported, () => events.Set(0, 0), "perf_event_array");
        Assert.Equal(".rodata { limit = 7 }", $"{constants.Get(0)!.Value}");
    }

    [LiveFact]
    public unsafe void A_million_entries_are_read_each_once()
    {
        const int Count = 1_000_000;
        int fd = LibBpf.bpf_map_create(1, "ebee_million", 4, 8, Count, null);
        Assert.True(fd >= 0);
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = new(fd, ownsHandle: true);
        for (int i = 0; i < Count; i++)
        {
            Put(fd, (uint)i, (ulong)i * 3);
        }
        using HostInventory inventory = new(withHolders: false);
        using MapAccess access = new(inventory.Map(handle, null));
        bool[] seen = new bool[Count];
        int read = 0;
        foreach (EbpfMapEntry entry in access.All())
        {
            int key = BitConverter.ToInt32((byte[])entry.Key!);
            Assert.False(seen[key]);
            seen[key] = true;
            read++;
            if (BitConverter.ToUInt64((byte[])entry.Value) != (ulong)key * 3)
            {
                Assert.Fail($"entry {key} is {entry}");
            }
        }
        Assert.Equal(Count, read);
    }

    public void Dispose()
    {
        if (_probe.IsValueCreated)
        {
            _probe.Value.Dispose();
        }
    }

    private MapAccess Open(string name) => new(_probe.Value.Maps[name]);

    private EbpfMap Fill(string name)
    {
        EbpfMap map = _probe.Value.Maps[name];
        using MapAccess access = new(map);
        foreach ((object? key, object value) in Contents[name])
        {
            access.Set(key, value);
        }
        return map;
    }

    private static unsafe void Put(int fd, uint key, ulong value) =>
        Assert.Equal(0, LibBpf.bpf_map_update_elem(fd, &key, &value, 0));

    private static void AssertError(EbpfError error, Action action, string word)
    {
        EbpfException e = Assert.Throws<EbpfException>(action);
        Assert.True(error == e.Error, $"{e.Error}: {e.Message}");
        Assert.Contains(word, e.Message + e.RecommendedAction);
        Assert.NotEmpty(e.RecommendedAction);
    }

    // Bytes of all keys and values, and what bpftool makes of them by BTF.
    private static void AssertAsDumped(MapAccess access)
    {
        CommandRun run = CommandRun.Run("bpftool", ["-j", "map", "dump", "id", $"{access.Layout.Map.Id}"]);
        JsonElement[] dumped = [.. JsonDocument.Parse(run.Output).RootElement.EnumerateArray().Where(item => !item.TryGetProperty("error", out _) && !HasError(item))];
        List<(byte[] Key, byte[] Value)> raw = access.ReadAll();
        Assert.NotEmpty(raw);
        Assert.Equal(dumped.Select(Witness).Order(StringComparer.Ordinal),
            raw.Select(item => Hex(item.Key) + " " + HexOfCpus(access.Layout, item.Value)).Order(StringComparer.Ordinal));
        foreach (JsonElement item in dumped)
        {
            if (item.TryGetProperty("formatted", out JsonElement formatted))
            {
                EbpfMapEntry entry = access.All().Single(e => Hex(e.KeyBytes.ToArray()) == Hex(item.GetProperty("key")));
                if (access.Layout.Key is not PrefixCodec)
                {
                    AssertSame(formatted.GetProperty("key"), entry.Key!);
                }
                if (formatted.TryGetProperty("value", out JsonElement value))
                {
                    AssertSame(value, entry.Value);
                }
                else
                {
                    Assert.All(formatted.GetProperty("values").EnumerateArray(), cpu =>
                        AssertSame(cpu.GetProperty("value"), entry.Values![cpu.GetProperty("cpu").GetInt32()]));
                }
            }
        }
    }

    private static bool HasError(JsonElement item) => item.TryGetProperty("value", out JsonElement value) && value.ValueKind == JsonValueKind.Object && value.TryGetProperty("error", out _);

    private static void AssertSame(JsonElement expected, object actual)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in expected.EnumerateObject())
                {
                    AssertSame(property.Value, actual.GetType().GetProperty(property.Name)!.GetValue(actual)!);
                }
                break;
            case JsonValueKind.Array when actual is string text: // of characters
                Assert.StartsWith(text, string.Concat(expected.EnumerateArray().Select(c => c.GetString()!.TrimEnd('\0'))));
                break;
            case JsonValueKind.Array:
                Assert.Equal(expected.EnumerateArray().Select(e => e.ToString()), ((IEnumerable)actual).Cast<object>().Select(e => $"{e}"));
                break;
            case JsonValueKind.String when actual is not string && expected.ToString().StartsWith("0x", StringComparison.Ordinal): // a bitfield
                Assert.Equal(expected.ToString(), $"0x{actual:x}");
                break;
            default:
                Assert.Equal(expected.ToString(), $"{actual}");
                break;
        }
    }

    private static string Witness(JsonElement item) => Hex(item.GetProperty("key")) + " " + (item.TryGetProperty("values", out JsonElement values)
        ? string.Concat(values.EnumerateArray().Select(cpu => Hex(cpu.GetProperty("value"))))
        : item.TryGetProperty("inner_map_id", out JsonElement inner) ? Hex(BitConverter.GetBytes(inner.GetUInt32()))
        : Hex(item.GetProperty("value")));

    private static string Hex(JsonElement bytes) => bytes.ValueKind == JsonValueKind.Array
        ? string.Concat(bytes.EnumerateArray().Select(b => b.GetString()![2..])) : Hex(BitConverter.GetBytes(bytes.GetUInt32()));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    // bpftool leaves out what fills the values of CPUs up to 8 bytes.
    private static string HexOfCpus(MapLayout layout, byte[] value) => layout.Cpus == 0 ? Hex(value)
        : string.Concat(Enumerable.Range(0, layout.Cpus).Select(cpu => Hex(value[(cpu * layout.Stride)..][..layout.Value.Size])));

    private static string Bytes(EbpfMapEntry entry) => $"{Hex(entry.KeyBytes.ToArray())} {ValueText.Of(entry.Value)}";
}

file static class RawEntries
{
    public static List<(byte[] Key, byte[] Value)> ReadAll(this MapAccess access)
    {
        using RawEntryReader reader = access.ReadRaw();
        List<(byte[], byte[])> all = [];
        while (reader.TryRead(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value))
        {
            all.Add((key.ToArray(), value.ToArray()));
        }
        return all;
    }
}
