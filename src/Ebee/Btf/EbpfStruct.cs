using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Ebee.Btf;

/// <summary>
/// A C struct or union as an object: the base of the classes that are made of an object's or a map's BTF at run time. Each
/// field is a property, decoded from the copied bytes when it is read. Two are equal when they are of one class and their
/// bytes are equal.
/// </summary>
public abstract class EbpfStruct : IEquatable<EbpfStruct>
{
    private readonly byte[] _data;
    private readonly int _offset;

    // The codec has checked that the bytes are enough for all fields.
    private protected EbpfStruct(byte[] data, int offset)
    {
        _data = data;
        _offset = offset;
    }

    /// <summary>The codec of its class.</summary>
    private protected abstract StructCodec Codec { get; }

    /// <summary>The codec of an instance's class.</summary>
    internal static StructCodec CodecOf(EbpfStruct value) => value.Codec;

    internal ReadOnlySpan<byte> Bytes => _data.AsSpan(_offset, Codec.HasTail ? _data.Length - _offset : Math.Min(Codec.Size, _data.Length - _offset));

    /// <summary>Whether it is of the same class and has the same bytes.</summary>
    public bool Equals(EbpfStruct? other) => other is not null && other.GetType() == GetType() && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EbpfStruct);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>As C writes it: <c>struct name { a = 1, b = x }</c>.</summary>
    public override string ToString()
    {
        const int Longest = 1000; // characters
        StringBuilder text = new(Codec.CName);
        text.Append(" {");
        string separator = " ";
        for (int i = 0; i < Codec.Fields.Length && text.Length < Longest; i++)
        {
            text.Append(separator).Append(Codec.Fields[i].Name).Append(" = ").Append(ValueText.Of(ValueOf(i)));
            separator = ", ";
        }
        return (text.Length < Longest ? text : text.Remove(Longest - 1, text.Length - Longest + 1).Append('…')).Append(" }").ToString();
    }

    /// <summary>The value of a field, by its place.</summary>
    internal object ValueOf(int index)
    {
        StructField field = Codec.Fields[index];
        return !field.IsBitfield ? field.Codec.DecodeAt(_data, _offset + field.Offset)
            : ((NumberCodec)field.Codec) is { IsSigned: true } signed ? signed.FromBits(ReadSignedBits(field.BitOffset, field.BitSize))
            : ((NumberCodec)field.Codec).FromBits((long)ReadBits(field.BitOffset, field.BitSize));
    }

    private protected T Read<T>(int offset) where T : unmanaged =>
        Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_data), _offset + offset));

    private protected ulong ReadBits(int bitOffset, int bits)
    {
        ulong value = 0;
        for (int done = 0; done < bits;)
        {
            int bit = bitOffset + done;
            value |= (ulong)(_data[_offset + (bit >> 3)] >> (bit & 7)) << done;
            done += 8 - (bit & 7);
        }
        return bits == 64 ? value : value & ((1UL << bits) - 1);
    }

    private protected long ReadSignedBits(int bitOffset, int bits) => (long)(ReadBits(bitOffset, bits) << (64 - bits)) >> (64 - bits);
}
