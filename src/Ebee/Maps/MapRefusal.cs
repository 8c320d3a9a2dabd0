using Ebee.Events;
using Ebee.Native;

namespace Ebee.Maps;

/// <summary>Makes an exception of a map that the kernel did not create: what it asks of maps of that type, and which of it is not so.</summary>
internal static class MapRefusal
{
    private const uint UserRingBuffer = 31; // enum bpf_map_type
    private static readonly uint[] None = [0], Four = [4], Any = [];
    private static readonly Demand Rest = new([], 0, uint.MaxValue, null, null);

    // No sizes: any that is not 0. Null: what the kernel asks depends on more.
    private static readonly Demand[] Demands =
    [
        new([1, 5, 9, 10], 1, 1 << 27, Any, Any),            // hashes: their buckets have at most 4 GB
        new([2, 6], 1, uint.MaxValue, Four, Any),            // arrays
        new([3, 4, 8, 12, 17], 1, uint.MaxValue, Four, Four), // of programs, perf events, cgroups, maps, XDP sockets
        new([7], 1, uint.MaxValue, Four, null),              // stacks
        new([11], 1, uint.MaxValue, null, Any),              // prefixes
        new([13], 1, 1 << 27, Any, Four),                    // hash of maps
        new([14, 15, 16, 25], 1, uint.MaxValue, Four, [4, 8]), // devices, sockets, CPUs
        new([18], 1, uint.MaxValue, Any, [4, 8]),
        new([20], 1, uint.MaxValue, Four, [4, 8]),
        new([22, 23, 30], 1, uint.MaxValue, None, Any),      // queues, stacks, bloom filters
        new([24, 28, 29, 32], 0, 0, Four, Any),              // what belongs to sockets, inodes, tasks, cgroups
        new([19, 21], 0, 0, null, Any),
        new([EventBuffer.RingBuffer, UserRingBuffer], 0, uint.MaxValue, None, None),
    ];

    /// <summary>The error.</summary>
    /// <param name="name">The map's name.</param>
    /// <param name="map">What was to be created; null when that is not known.</param>
    /// <param name="errno">What the kernel gave.</param>
    /// <param name="log">All that libbpf printed.</param>
    public static EbpfException Error(string name, BpfMap? map, int errno, string log)
    {
        string message = $"The kernel refused to create the map {name}: {Errno.Name(errno)}.";
        if (map is null)
        {
            return new EbpfException(EbpfError.MapFailed, message, "Look at the map's definition, and at the machine's free memory.", log);
        }
        string type = map.TypeName ?? $"{map.Type}";
        bool isRing = map.Type is EventBuffer.RingBuffer or UserRingBuffer;
        return new EbpfException(EbpfError.MapFailed, isRing ? $"{message} It is of the type {type}, with {map.MaxEntries} bytes."
            : $"{message} It is of the type {type}, with max_entries {map.MaxEntries}, keys of {map.KeySize} and values of {map.ValueSize} bytes.",
            isRing ? RingAdvice(map, type) : Advice(map, type, errno), log);
    }

    private static string RingAdvice(BpfMap map, string type) =>
        $"A map of the type {type} has the bytes of a page ({Environment.SystemPageSize}) times a power of two, at most 2 GB, and as much memory must be free: {InStart(map, "1MB")}, or __uint(max_entries, 1 << 20) in its definition.";

    private static string Advice(BpfMap map, string type, int errno)
    {
        Demand demand = Array.Find(Demands, d => d.Types.Contains(map.Type)) ?? Rest;
        List<string> lacks = [];
        if (map.MaxEntries < demand.Fewest || map.MaxEntries > demand.Most)
        {
            lacks.Add(demand.Most == 0 ? $"a map of the type {type} has no number of entries: leave {map.Name} out of -MapSize, and max_entries out of its definition"
                : $"a map of the type {type} has {(demand.Most == uint.MaxValue ? "at least 1 entry" : $"1 to {demand.Most} entries")}: {InStart(map, "1024")}, or __uint(max_entries, 1024) in its definition");
        }
        AddSize(lacks, type, "key", map.KeySize, demand.KeySizes);
        AddSize(lacks, type, "value", map.ValueSize, demand.ValueSizes);
        if (lacks.Count > 0)
        {
            string all = string.Join("; ", lacks);
            return $"{char.ToUpperInvariant(all[0])}{all[1..]}.";
        }
        return errno is Errno.Enomem or Errno.E2big
            ? $"Give it fewer entries: {InStart(map, "1024")}. Their keys and values alone are {((long)map.KeySize + map.ValueSize) * map.MaxEntries} bytes" +
                (type.StartsWith("percpu", StringComparison.Ordinal) || type.StartsWith("lru_percpu", StringComparison.Ordinal) ? ", the values once more for each CPU." : ".")
            : type is "lpm_trie" or "sk_storage" or "inode_storage" or "task_storage" or "cgrp_storage"
            ? $"Write into its definition: __uint(map_flags, BPF_F_NO_PREALLOC);{(type is "lpm_trie" ? " and as its key a struct that begins with the prefix's length, __u32." : " __type(key, int); and the value's type.")}"
            : $"Look at the map's definition: its flags, and what else a map of the type {type} must have. Get-EbpfFeature -Category MapType tells whether this kernel makes such maps.";
    }

    private static void AddSize(List<string> lacks, string type, string what, int size, uint[]? allowed)
    {
        if (allowed is null || (allowed.Length == 0 ? size > 0 : allowed.Contains((uint)size)))
        {
            return;
        }
        lacks.Add(allowed.Length == 0 ? $"a map of the type {type} has {what}s: __type({what}, …) in its definition"
            : allowed[0] == 0 ? $"a map of the type {type} has no {what}s: take away the {what} of its definition"
            : $"a map of the type {type} has {what}s of {string.Join(" or ", allowed)} bytes: __uint({what}_size, {allowed[0]}) in its definition");
    }

    private static string InStart(BpfMap map, string size) => $"Start-EbpfProbe -MapSize @{{ {(map.Name.Contains('.', StringComparison.Ordinal) ? $"'{map.Name}'" : map.Name)} = {size} }}";

    private sealed record Demand(uint[] Types, uint Fewest, uint Most, uint[]? KeySizes, uint[]? ValueSizes);
}
