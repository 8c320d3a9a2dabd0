using Ebee.Btf;

namespace Ebee.Maps;

/// <summary>An entry of a map, as it was when it was read. What it holds is decoded when it is asked for.</summary>
public sealed class EbpfMapEntry
{
    private readonly MapLayout _layout;
    private readonly byte[] _data; // the key, then the value; for a per-CPU map one for each CPU
    private readonly bool _sums;
    private object? _value;

    internal EbpfMapEntry(MapLayout layout, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool sums = false)
    {
        _layout = layout;
        _sums = sums;
        _data = GC.AllocateUninitializedArray<byte>(key.Length + value.Length);
        key.CopyTo(_data);
        value.CopyTo(_data.AsSpan(key.Length));
        Key = key.Length == 0 ? null : layout.Key.HasTail ? layout.Key.Decode(key) : layout.Key.DecodeAt(_data, 0);
    }

    /// <summary>Its key: a number, text, an <see cref="EbpfStruct"/> or bytes; null in a queue or stack.</summary>
    public object? Key { get; }

    /// <summary>Its value, of such a type too. Of a per-CPU map all of them, in the order of the CPUs, or their sum if that was asked for.</summary>
    public object Value => _value ??= _layout.Cpus == 0 ? _layout.Value.DecodeAt(_data, KeySize)
        : _sums ? ValueSum.Of(_layout.Value, Values!)
        : Values!;

    /// <summary>The value of each possible CPU, for a per-CPU map; null for others.</summary>
    public object[]? Values => _layout.Cpus == 0 ? null
        : [.. Enumerable.Range(0, _layout.Cpus).Select(cpu => _layout.Value.Decode(_data.AsSpan(KeySize + cpu * _layout.Stride, _layout.Value.Size)))];

    /// <summary>The name of its map.</summary>
    public string MapName => _layout.Map.Name;

    /// <summary>The kernel's id of its map.</summary>
    public uint MapId => _layout.Map.Id;

    /// <summary>Its map, with the descriptor that it was read by.</summary>
    internal EbpfMap Map => _layout.Map;

    /// <summary>The key as the kernel has it.</summary>
    internal ReadOnlySpan<byte> KeyBytes => _data.AsSpan(0, KeySize);

    private int KeySize => Key is null ? 0 : _layout.Key.Size;

    /// <summary>Its key and value.</summary>
    public override string ToString() => $"{ValueText.Of(Key)} = {ValueText.Of(Value)}";
}
