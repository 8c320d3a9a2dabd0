using System.Buffers.Binary;
using System.Text;
using Ebee.Btf;

namespace Ebee.Tests.Support;

/// <summary>Writes types as BTF, as Documentation/bpf/btf.rst has it: the other direction of the parser.</summary>
internal sealed class BtfWriter
{
    private readonly List<byte> _types = [];
    private readonly List<byte> _strings = [0];
    private readonly Dictionary<string, int> _offsets = new(StringComparer.Ordinal) { [""] = 0 };

    private BtfWriter()
    {
    }

    /// <summary>The blob of these types; the first, void, is left out.</summary>
    public static byte[] Write(IEnumerable<BtfType> types)
    {
        BtfWriter writer = new();
        foreach (BtfType type in types.Skip(1))
        {
            writer.Add(type);
        }
        byte[] header = new byte[24];
        BinaryPrimitives.WriteUInt16LittleEndian(header, 0xEB9F);
        header[2] = 1; // the version
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), writer._types.Count);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), writer._types.Count);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(20), writer._strings.Count);
        return [.. header, .. writer._types, .. writer._strings];
    }

    private void Add(BtfType type)
    {
        int count = type.Members.Length + type.Values.Length + type.Variables.Length;
        bool flag = type.Kind is BtfKind.Struct or BtfKind.Union
            ? type.Members.Any(m => m.BitSize != 0)
            : type.Kind is BtfKind.Enum or BtfKind.Enum64 && type.IsSigned;
        Int(Text(type.Name));
        Int((flag ? 1 << 31 : 0) | (int)type.Kind << 24 | count);
        Int(type.Kind == BtfKind.Array ? 0 : type.Size | type.Target);
        switch (type.Kind)
        {
            case BtfKind.Int:
                Int((type.IsSigned ? 1 << 24 : 0) | (type.IsBoolean ? 4 << 24 : 0) | type.Bits);
                break;
            case BtfKind.Array:
                Int(type.Target);
                Int(0);
                Int(type.Length);
                break;
            case BtfKind.Variable or BtfKind.DeclarationTag:
                Int(0);
                break;
        }
        foreach (BtfMember member in type.Members)
        {
            Int(Text(member.Name));
            Int(member.Type);
            Int(flag ? member.BitOffset | member.BitSize << 24 : member.BitOffset);
        }
        foreach ((string name, long value) in type.Values)
        {
            Int(Text(name));
            Int((int)value);
            if (type.Kind == BtfKind.Enum64)
            {
                Int((int)(value >> 32));
            }
        }
        foreach ((int variable, int offset, int size) in type.Variables)
        {
            Int(variable);
            Int(offset);
            Int(size);
        }
    }

    private void Int(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _types.AddRange(bytes);
    }

    private int Text(string text)
    {
        if (!_offsets.TryGetValue(text, out int offset))
        {
            offset = _strings.Count;
            _strings.AddRange([.. Encoding.UTF8.GetBytes(text), 0]);
            _offsets[text] = offset;
        }
        return offset;
    }
}
