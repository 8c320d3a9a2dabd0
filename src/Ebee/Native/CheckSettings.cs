using System.Runtime.InteropServices;
using System.Text;

namespace Ebee.Native;

/// <summary>What is set on an opened object before its load, as libbpf-check reads it (src/LibBpf.Check/libbpf_check.c).</summary>
internal sealed class CheckSettings
{
    private readonly List<byte> _bytes = [];
    private readonly List<int> _descriptors = [];

    // enum kind
    private enum Kind
    {
        Program,
        AttachTarget,
        ReusedMap,
        Map,
        InitialValue,
    }

    public ReadOnlySpan<byte> Bytes => CollectionsMarshal.AsSpan(_bytes);

    /// <summary>Descriptors that it refers to.</summary>
    public IReadOnlyList<int> Descriptors => _descriptors;

    /// <summary>Whether a program is loaded, and as what. Programs and maps are numbered as libbpf lists them.</summary>
    public void AddProgram(int index, bool isLoaded, uint type, uint attachType) => Add(Kind.Program, index, isLoaded ? 1u : 0, type, attachType, []);

    /// <summary>The kernel's function or tracepoint that a program is to be attached to.</summary>
    public void AddAttachTarget(int index, string function) => Add(Kind.AttachTarget, index, 0, 0, 0, Encoding.UTF8.GetBytes(function + '\0'));

    /// <summary>A map that exists, used in place of the object's own.</summary>
    public void AddReusedMap(int index, int fd)
    {
        Add(Kind.ReusedMap, index, (uint)(LibBpfCheck.FirstOfSettings + _descriptors.Count), 0, 0, []);
        _descriptors.Add(fd);
    }

    /// <summary>A map's sizes.</summary>
    public void AddMap(int index, uint maxEntries, uint keySize, uint valueSize) => Add(Kind.Map, index, maxEntries, keySize, valueSize, []);

    /// <summary>A part of what a map of variables begins with.</summary>
    public void AddInitialValue(int index, int offset, ReadOnlySpan<byte> value) => Add(Kind.InitialValue, index, (uint)offset, 0, 0, value);

    // struct setting
    private void Add(Kind kind, int index, uint first, uint second, uint third, ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(MemoryMarshal.AsBytes<uint>([(uint)kind, (uint)index, first, second, third, (uint)bytes.Length]));
        _bytes.AddRange(bytes);
        _bytes.AddRange(new byte[-bytes.Length & 3]);
    }
}
