namespace Ebee.Host;

/// <summary>What the CPU and the kernel count, by the names that perf(1) gives it (include/uapi/linux/perf_event.h).</summary>
internal static class PerfEvents
{
    private const uint Hardware = 0, Software = 1, Cache = 3; // PERF_TYPE_…

    private static readonly Dictionary<string, (uint Type, ulong Config)> Known = Make();

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => Known.Keys;

    /// <summary>The numbers of one.</summary>
    /// <exception cref="EbpfException">There is none.</exception>
    public static (uint Type, ulong Config) Find(string name) => Known.TryGetValue(name, out (uint, ulong) found) ? found
        : throw new EbpfException(EbpfError.InvalidArgument, $"There is no perf event '{name}'.",
            NearestNames.Of(name, Names) is { Length: > 0 } nearest ? $"The nearest are {string.Join(", ", nearest)}." : $"These are known: {string.Join(", ", Names)}.");

    private static Dictionary<string, (uint, ulong)> Make()
    {
        Dictionary<string, (uint, ulong)> known = new(StringComparer.OrdinalIgnoreCase);
        Add(Software, "cpu-clock", "task-clock", "page-faults", "context-switches", "cpu-migrations", "minor-faults", "major-faults", "alignment-faults", "emulation-faults");
        known["cgroup-switches"] = (Software, 11);
        Add(Hardware, "cpu-cycles", "instructions", "cache-references", "cache-misses", "branch-instructions", "branch-misses", "bus-cycles",
            "stalled-cycles-frontend", "stalled-cycles-backend", "ref-cycles");
        foreach ((string other, string name) in new[] { ("cycles", "cpu-cycles"), ("branches", "branch-instructions"), ("faults", "page-faults"), ("cs", "context-switches"), ("migrations", "cpu-migrations") })
        {
            known[other] = known[name];
        }
        string[] caches = ["L1-dcache", "L1-icache", "LLC", "dTLB", "iTLB", "branch", "node"], uses = ["load", "store", "prefetch"];
        for (int cache = 0; cache < caches.Length; cache++)
        {
            for (int use = 0; use < uses.Length; use++)
            {
                ulong config = (ulong)(cache | use << 8);
                known.TryAdd($"{caches[cache]}-{uses[use]}{(uses[use] == "prefetch" ? "es" : "s")}", (Cache, config));
                known.TryAdd($"{caches[cache]}-{uses[use]}-misses", (Cache, config | 1 << 16));
            }
        }
        return known;

        void Add(uint type, params string[] names)
        {
            for (int i = 0; i < names.Length; i++)
            {
                known[names[i]] = (type, (ulong)i);
            }
        }
    }
}
