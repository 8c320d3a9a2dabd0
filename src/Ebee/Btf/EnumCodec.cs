using System.Numerics;
using System.Runtime.InteropServices;

namespace Ebee.Btf;

/// <summary>An enum, as a .NET enum with the C enumerators; a number that none of them has stays that number.</summary>
internal sealed class EnumCodec : NumberCodec
{
    private readonly Dictionary<string, long> _values;

    public EnumCodec(Type type, BtfType enumeration, string cName, string signature)
        : base(type, enumeration.Size, enumeration.IsSigned, cName, signature)
    {
        _values = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, long value) in enumeration.Values)
        {
            _values.TryAdd(name, value);
        }
    }

    // clang 14 marks no enum as signed.
    protected override bool TakesNegative => true;

    protected override string Wanted => _values.Count == 0 ? "a number"
        : $"a number or one of {string.Join(", ", _values.Keys.Take(20))}{(_values.Count > 20 ? ", …" : "")}";

    public override BigInteger? NumberOf(object value) =>
        value is string name && _values.TryGetValue(name.Trim(), out long number) ? (IsSigned ? number : (ulong)number)
            : base.NumberOf(value);

    protected override object Read(ReadOnlySpan<byte> data) => Size switch
    {
        1 => IsSigned ? Enum.ToObject(ClrType, (sbyte)data[0]) : Enum.ToObject(ClrType, data[0]),
        2 => IsSigned ? Enum.ToObject(ClrType, MemoryMarshal.Read<short>(data)) : Enum.ToObject(ClrType, MemoryMarshal.Read<ushort>(data)),
        4 => IsSigned ? Enum.ToObject(ClrType, MemoryMarshal.Read<int>(data)) : Enum.ToObject(ClrType, MemoryMarshal.Read<uint>(data)),
        _ => IsSigned ? Enum.ToObject(ClrType, MemoryMarshal.Read<long>(data)) : Enum.ToObject(ClrType, MemoryMarshal.Read<ulong>(data)),
    };
}
