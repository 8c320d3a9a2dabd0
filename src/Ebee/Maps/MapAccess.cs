using System.Collections;
using System.Runtime.InteropServices;
using Ebee.Bindings;
using Ebee.Btf;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Maps;

/// <summary>The entries of one map. Keys and values are what its BTF says, both ways; without BTF they are bytes.</summary>
internal sealed unsafe class MapAccess : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly MapLayout _layout;

    /// <summary>Opens a map: by the descriptor that it has, or by its id, which needs CAP_SYS_ADMIN.</summary>
    /// <exception cref="EbpfException">It has gone, or this process may not open it.</exception>
    public MapAccess(EbpfMap map)
    {
        _handle = map.Open(); // one of its own: the probe may be stopped while its entries are read
        BpfMapInfo info = default;
        KernelObjects.Maps.Read(_handle, ref info);
        _layout = new MapLayout(map, info);
    }

    public MapLayout Layout => _layout;

    private EbpfMap Map => _layout.Map;

    /// <summary>Reads the bytes of all entries.</summary>
    public RawEntryReader ReadRaw() => new(_layout, _handle);

    /// <summary>All entries, in the kernel's order; of a queue or stack the next one alone, which stays.</summary>
    public IEnumerable<EbpfMapEntry> All(bool sums = false)
    {
        if (_layout.IsBloomFilter)
        {
            throw MapErrors.NotSupported(Map, "A bloom filter's values cannot be listed", "Ask for one: Get-EbpfMapEntry -Key.");
        }
        if (_layout.IsQueue)
        {
            if (Peek() is { } first)
            {
                yield return first;
            }
            yield break;
        }
        using RawEntryReader reader = ReadRaw();
        while (Next(reader, sums) is { } entry)
        {
            yield return entry;
        }
    }

    /// <summary>The entry of a key; null when there is none.</summary>
    public EbpfMapEntry? Get(object key, bool sums = false)
    {
        if (_layout.IsQueue)
        {
            throw MapErrors.NotSupported(Map, "Entries of a queue or stack have no keys", "Leave -Key out: the next one is shown.");
        }
        byte[] keyBytes = EncodeKey(_layout.IsBloomFilter ? _layout.Value : _layout.Key, key);
        byte[] value = new byte[_layout.ValueSize];
        fixed (byte* keyData = keyBytes, valueData = value)
        {
            int result = _layout.IsBloomFilter ? LibBpf.bpf_map_lookup_elem(_handle, null, keyData) : LibBpf.bpf_map_lookup_elem(_handle, keyData, valueData);
            return result == 0 ? _layout.IsBloomFilter ? new EbpfMapEntry(_layout, [], keyBytes) : new EbpfMapEntry(_layout, keyBytes, value, sums)
                : result == -Errno.Enoent ? null
                : throw MapErrors.Unreadable(Map, _handle, -result);
        }
    }

    /// <summary>Sets the value of a key, or adds one to a queue, a stack or a bloom filter, which have no keys.</summary>
    /// <param name="key">The key, or an entry of this map that has it; null where there are none.</param>
    /// <param name="value">The value; for a per-CPU map one for all CPUs, or one for each.</param>
    /// <exception cref="EbpfException">One does not fit, the map is full, or may not be written to.</exception>
    public void Set(object? key, object? value)
    {
        if (_layout.TakesDescriptors)
        {
            throw MapErrors.NotSupported(Map, "Entries of this map are set by the program that has the sockets, cgroups or events open", "Its entries can be removed: Remove-EbpfMapEntry.");
        }
        bool hasKeys = !_layout.IsQueue && !_layout.IsBloomFilter;
        if (hasKeys && key is null)
        {
            throw new EbpfException(EbpfError.InvalidValue, $"A key is missing for the map {Map}.", "Give it with -Key.");
        }
        byte[] keyBytes = !hasKeys ? [] : key is EbpfMapEntry entry ? entry.KeyBytes.ToArray() : EncodeKey(_layout.Key, key);
        byte[] valueBytes = EncodeValue(value, out SafeFileHandle? held);
        using (held)
        {
            fixed (byte* keyData = keyBytes, valueData = valueBytes)
            {
                int result = LibBpf.bpf_map_update_elem(_handle, hasKeys ? keyData : null, valueData, 0);
                if (result < 0)
                {
                    throw -result == Errno.E2big && _layout.Key.ClrType == typeof(uint) && _layout.IsArray
                        ? new EbpfException(EbpfError.MapEntryNotFound, $"The map {Map} has no entry {key}: its keys are 0 to {Map.MaxEntries - 1}.", "Give one of these.")
                        : MapErrors.Failed(Map, _handle, "write to", -result);
                }
            }
        }
    }

    /// <summary>Removes an entry.</summary>
    /// <param name="key">Its key, or an entry of this map that has it.</param>
    /// <returns>Whether there was one.</returns>
    public bool Remove(object key) => Remove(key is EbpfMapEntry entry ? entry.KeyBytes : EncodeKey(_layout.Key, key));

    /// <summary>Takes the next entry out of a queue or stack; null when it is empty.</summary>
    public EbpfMapEntry? Pop() => Next(&LibBpf.bpf_map_lookup_and_delete_elem);

    /// <summary>Removes all entries. Those of an array cannot be removed, and become zero.</summary>
    public void Clear()
    {
        if (_layout.IsBloomFilter)
        {
            throw MapErrors.NotSupported(Map, "A bloom filter forgets nothing", "Make another map.");
        }
        if (_layout.IsQueue)
        {
            while (Pop() is not null)
            {
            }
        }
        else if (_layout.IsArray)
        {
            byte[] zero = new byte[_layout.ValueSize];
            fixed (byte* value = zero)
            {
                for (uint index = 0; index < Map.MaxEntries; index++)
                {
                    int result = LibBpf.bpf_map_update_elem(_handle, &index, value, 0);
                    if (result < 0)
                    {
                        throw MapErrors.Failed(Map, _handle, "write to", -result);
                    }
                }
            }
        }
        else
        {
            foreach (byte[] key in Keys())
            {
                Remove(key.AsSpan());
            }
        }
    }

    public void Dispose() => _handle.Dispose();

    private EbpfMapEntry? Next(RawEntryReader reader, bool sums) =>
        reader.TryRead(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) ? new EbpfMapEntry(_layout, key, value, sums) : null;

    private EbpfMapEntry? Peek() => Next(&LibBpf.bpf_map_lookup_elem);

    private EbpfMapEntry? Next(delegate*<SafeHandle, void*, void*, int> operation)
    {
        byte[] value = new byte[_layout.ValueSize];
        fixed (byte* data = value)
        {
            int result = operation(_handle, null, data);
            return result == 0 ? new EbpfMapEntry(_layout, [], value)
                : result == -Errno.Enoent ? null
                : throw MapErrors.Failed(Map, _handle, "read", -result);
        }
    }

    // All, before the first is removed: with each that goes the kernel would begin anew.
    private List<byte[]> Keys()
    {
        List<byte[]> keys = [];
        byte[] key = new byte[_layout.Key.Size];
        byte[] next = new byte[_layout.Key.Size];
        for (bool isFirst = true; keys.Count <= Map.MaxEntries; isFirst = false)
        {
            fixed (byte* keyData = key, nextData = next)
            {
                int result = LibBpf.bpf_map_get_next_key(_handle, isFirst ? null : keyData, nextData);
                if (result == -Errno.Enoent)
                {
                    break;
                }
                if (result < 0)
                {
                    throw MapErrors.Unreadable(Map, _handle, -result);
                }
            }
            keys.Add([.. next]);
            next.CopyTo(key, 0);
        }
        return keys;
    }

    private bool Remove(ReadOnlySpan<byte> key)
    {
        if (_layout.IsArray)
        {
            throw MapErrors.NotSupported(Map, "Entries of an array cannot be removed", "Set one to zero with Set-EbpfMapEntry, or all with Clear-EbpfMap.");
        }
        fixed (byte* data = key)
        {
            int result = LibBpf.bpf_map_delete_elem(_handle, data);
            return result == 0 || (result == -Errno.Enoent ? false : throw MapErrors.Failed(Map, _handle, "delete from", -result));
        }
    }

    private static byte[] EncodeKey(BtfCodec codec, object? key)
    {
        byte[] bytes = new byte[codec.Size];
        codec.Encode(key, bytes, "The key");
        return bytes;
    }

    private byte[] EncodeValue(object? value, out SafeFileHandle? held)
    {
        held = null;
        if (_layout.HoldsMaps || _layout.HoldsPrograms)
        {
            held = Open(value); // nobody else has it: its number stays its own until the caller has used it
            return BitConverter.GetBytes((int)held.DangerousGetHandle());
        }
        byte[] bytes = new byte[_layout.ValueSize];
        if (_layout.Cpus == 0)
        {
            _layout.Value.Encode(value, bytes);
            return bytes;
        }
        IList? each = value is IList list and not byte[] && (_layout.Value is not (ArrayCodec or BytesCodec) || list is [IEnumerable and not string, ..]) ? list : null;
        if (each is not null && each.Count != _layout.Cpus)
        {
            throw new EbpfException(EbpfError.InvalidValue, $"{each.Count} values were given for the map {Map}, and the machine has {_layout.Cpus} possible CPUs.",
                "Give one value for all of them, or one for each.");
        }
        for (int cpu = 0; cpu < _layout.Cpus; cpu++)
        {
            _layout.Value.Encode(each is null ? value : each[cpu], bytes.AsSpan(cpu * _layout.Stride, _layout.Value.Size));
        }
        return bytes;
    }

    // The map or program that is to be a value. A second descriptor, since whoever gave it may dispose of the first.
    private SafeFileHandle Open(object? value)
    {
        if (value is EbpfMap given)
        {
            return given.Open();
        }
        uint? id = value switch
        {
            EbpfProgram program => program.Id,
            ProbeProgram program => program.ProgramId,
            _ => Numbers.TryGet(value, out var number) && number >= 0 && number <= uint.MaxValue ? (uint)number : null,
        };
        string what = _layout.HoldsMaps ? "map" : "program";
        return id is null ? throw new EbpfException(EbpfError.InvalidValue, $"The value cannot be {value ?? "null"}: the map {Map} holds {what}s.", $"Give a {what}, or the id of one.")
            : (_layout.HoldsMaps ? KernelObjects.Maps : KernelObjects.Programs).Open(id.Value)
                ?? throw new EbpfException(_layout.HoldsMaps ? EbpfError.MapNotFound : EbpfError.ProgramNotFound, $"No {what} has the id {id}.",
                    $"List them: Get-Ebpf{(_layout.HoldsMaps ? "Map" : "Program")}.");
    }
}
