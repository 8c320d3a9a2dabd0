using System.Numerics;
using System.Runtime.InteropServices;

namespace Ebee.Btf;

/// <summary>What the types have in common whose value is a whole number, and that can be bitfields.</summary>
internal abstract class NumberCodec(Type clrType, int size, bool isSigned, string cName, string signature) : BtfCodec(clrType, size, cName, signature)
{
    public bool IsSigned { get; } = isSigned;

    /// <summary>Whether the first byte is the highest.</summary>
    public virtual bool IsBigEndian => false;

    /// <summary>The number that a value stands for; null when it is none of this type.</summary>
    public virtual BigInteger? NumberOf(object value) => Numbers.TryGet(value, out BigInteger number) ? number : null;

    /// <summary>Whether negative numbers are taken.</summary>
    protected virtual bool TakesNegative => IsSigned;

    /// <summary>What is taken, for an error.</summary>
    protected virtual string Wanted => "a number";

    internal override void Write(object value, Span<byte> target, string field)
    {
        BigInteger number = Exact(value, 8 * Size, field);
        Span<byte> bytes = stackalloc byte[17]; // 128 bits, and one for a sign
        number.TryWriteBytes(bytes, out int count);
        target.Fill(number.Sign < 0 ? (byte)0xff : (byte)0);
        bytes[..Math.Min(count, Size)].CopyTo(target);
        if (IsBigEndian)
        {
            target.Reverse();
        }
    }

    /// <summary>Writes a bitfield.</summary>
    /// <param name="value">The value.</param>
    /// <param name="target">The struct's bytes, zero where the field is.</param>
    /// <param name="bitOffset">Where it begins in them.</param>
    /// <param name="bits">How many it has.</param>
    /// <param name="field">Its name, for errors.</param>
    public void WriteBits(object value, Span<byte> target, int bitOffset, int bits, string field)
    {
        BigInteger number = Exact(value, bits, field);
        for (int i = 0; i < bits; i++)
        {
            int bit = bitOffset + i;
            target[bit >> 3] = (byte)(target[bit >> 3] & ~(1 << (bit & 7)) | ((number >> i).IsEven ? 0 : 1 << (bit & 7)));
        }
    }

    /// <summary>The value of a bitfield, of which these are the bits, with the sign's in all above.</summary>
    public object FromBits(long bits)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Fill(IsSigned && bits < 0 ? (byte)0xff : (byte)0);
        MemoryMarshal.Write(bytes, bits);
        return Read(bytes);
    }

    private BigInteger Exact(object value, int bits, string field)
    {
        BigInteger number = NumberOf(value) ?? throw WrongType(field, value, Wanted);
        BigInteger lowest = TakesNegative ? -(BigInteger.One << (bits - 1)) : 0;
        BigInteger highest = (BigInteger.One << (IsSigned ? bits - 1 : bits)) - 1;
        return number >= lowest && number <= highest ? number
            : throw InvalidValue(field, value, $"{CName}{(bits < 8 * Size ? $" of {bits} bits" : "")} holds {lowest} to {highest}");
    }
}
