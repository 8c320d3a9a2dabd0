using Ebee.Bindings;
using Ebee.Btf;
using Ebee.Host;
using Ebee.Native;

namespace Ebee.Maps;

/// <summary>What the keys and values of a map are.</summary>
internal sealed class MapLayout
{
    private const uint BuildIdFlag = 1 << 5; // BPF_F_STACK_BUILD_ID

    public MapLayout(EbpfMap map, in BpfMapInfo info)
    {
        Map = map;
        Flags = info.MapFlags;
        Cpus = map.Type.Contains("percpu", StringComparison.Ordinal) ? Processors.PossibleCount : 0;
        BtfBlob? types = map.Types ?? (info.BtfId != 0 ? KernelBlobs.Of(info.BtfId) : null);
        (int key, int value) = ((int)info.BtfKeyTypeId, (int)info.BtfValueTypeId);
        if (key == 0 && value == 0 && map.Types is not null)
        {
            (key, value) = MapDefinition.TypesOf(map.Types, map.Name);
        }
        Key = KeyCodec(types, key, info);
        Value = ValueCodec(types, value, info);
    }

    public EbpfMap Map { get; }

    public BtfCodec Key { get; }

    public BtfCodec Value { get; }

    public uint Flags { get; }

    /// <summary>How many CPUs have a value of their own for each key; 0 where all share one.</summary>
    public int Cpus { get; }

    /// <summary>Bytes from one CPU's value to the next one's.</summary>
    public int Stride => (Value.Size + 7) & ~7;

    /// <summary>Bytes of what belongs to a key.</summary>
    public int ValueSize => Cpus > 0 ? Cpus * Stride : Value.Size;

    /// <summary>Entries are numbered, all are there from the beginning, and none can be removed.</summary>
    public bool IsArray => Map.Type is "array" or "percpu_array";

    /// <summary>Entries have no keys, and are in order.</summary>
    public bool IsQueue => Map.Type is "queue" or "stack";

    /// <summary>It can be asked whether a value was added, and no more.</summary>
    public bool IsBloomFilter => Map.Type == "bloom_filter";

    /// <summary>Values are maps or programs: a descriptor is written, an id read.</summary>
    public bool HoldsMaps => Map.Type is "array_of_maps" or "hash_of_maps";

    /// <inheritdoc cref="HoldsMaps"/>
    public bool HoldsPrograms => Map.Type == "prog_array";

    /// <summary>A value is written as a descriptor of something that Ebee has no objects for.</summary>
    public bool TakesDescriptors => Map.Type is "perf_event_array" or "cgroup_array" or "sockmap" or "sockhash" or "xskmap" or "reuseport_sockarray";

    private bool HasIndexes => IsArray || HoldsPrograms || Map.Type is "array_of_maps" or "perf_event_array" or "cgroup_array" or "stack_trace"
        or "sockmap" or "devmap" or "cpumap" or "xskmap" or "reuseport_sockarray" or "struct_ops";

    private BtfCodec KeyCodec(BtfBlob? types, int typeId, in BpfMapInfo info)
    {
        BtfCodec codec = Declared(types, typeId, info.KeySize)
            ?? (HasIndexes && info.KeySize == sizeof(uint) ? new IntegerCodec(sizeof(uint), false, false, "index") : BtfCodec.Raw((int)info.KeySize));
        return Map.Type == "lpm_trie" && PrefixCodec.IsSize(codec.Size) ? new PrefixCodec(codec) : codec;
    }

    private BtfCodec ValueCodec(BtfBlob? types, int typeId, in BpfMapInfo info)
    {
        if (HoldsMaps || HoldsPrograms)
        {
            return new IntegerCodec(sizeof(uint), false, false, HoldsMaps ? "map" : "program");
        }
        if (Map.Type == "stack_trace" && (Flags & BuildIdFlag) == 0)
        {
            return new StackTraceCodec((int)info.ValueSize);
        }
        if (info.BtfVmlinuxValueTypeId != 0)
        {
            return Declared(KernelBlobs.Kernel, (int)info.BtfVmlinuxValueTypeId, info.ValueSize) ?? BtfCodec.Raw((int)info.ValueSize);
        }
        return Declared(types, typeId, info.ValueSize)
            ?? (Map.Type is "sockmap" or "sockhash" or "reuseport_sockarray" && info.ValueSize == sizeof(ulong) ? new IntegerCodec(sizeof(ulong), false, false, "cookie")
                : Map.Type is "devmap" or "devmap_hash" or "cpumap" && info.ValueSize == sizeof(uint) ? new IntegerCodec(sizeof(uint), false, false, "number")
                : BtfCodec.Raw((int)info.ValueSize));
    }

    // Null where the BTF says nothing, or what cannot be: the map's bytes are shown then.
    private static BtfCodec? Declared(BtfBlob? types, int typeId, uint size)
    {
        if (types is null || typeId <= 0 || typeId >= types.Types.Count)
        {
            return null;
        }
        try
        {
            BtfCodec codec = BtfCodec.For(types, typeId);
            return codec.Size == size ? codec : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
