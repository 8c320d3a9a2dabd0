using System.Numerics;
using System.Runtime.InteropServices;

namespace Ebee.Btf;

/// <summary>
/// An integer of 1, 2, 4, 8 or 16 bytes. One of 16 bytes is a <see cref="BigInteger"/>, which PowerShell computes with and
/// writes as JSON.
/// </summary>
internal sealed class IntegerCodec(int size, bool isSigned, bool isBigEndian, string cName)
    : NumberCodec(TypeOf(size, isSigned), size, isSigned, cName, $"{(isSigned ? 's' : 'u')}{size}{(isBigEndian ? "be" : "")}")
{
    public override bool IsBigEndian => isBigEndian;

    public static bool IsSize(int size) => size is 1 or 2 or 4 or 8 or 16;

    protected override object Read(ReadOnlySpan<byte> data)
    {
        if (isBigEndian)
        {
            Span<byte> reversed = stackalloc byte[16];
            data[..Size].CopyTo(reversed);
            reversed[..Size].Reverse();
            return Value(reversed);
        }
        return Value(data);
    }

    private object Value(ReadOnlySpan<byte> data)
    {
        switch (Size, IsSigned)
        {
            case (1, true): return (sbyte)data[0];
            case (1, false): return data[0];
            case (2, true): return MemoryMarshal.Read<short>(data);
            case (2, false): return MemoryMarshal.Read<ushort>(data);
            case (4, true): return MemoryMarshal.Read<int>(data);
            case (4, false): return MemoryMarshal.Read<uint>(data);
            case (8, true): return MemoryMarshal.Read<long>(data);
            case (8, false): return MemoryMarshal.Read<ulong>(data);
            default: return new BigInteger(data[..16], isUnsigned: !IsSigned);
        }
    }

    /// <summary>The .NET type of an integer of so many bytes.</summary>
    internal static Type TypeOf(int size, bool isSigned) => (size, isSigned) switch
    {
        (1, true) => typeof(sbyte),
        (1, false) => typeof(byte),
        (2, true) => typeof(short),
        (2, false) => typeof(ushort),
        (4, true) => typeof(int),
        (4, false) => typeof(uint),
        (8, true) => typeof(long),
        (8, false) => typeof(ulong),
        (16, _) => typeof(BigInteger),
        _ => throw new InvalidDataException($"An integer of {size} bytes is none that Ebee reads."),
    };
}
