using System.Collections;
using System.Numerics;
using System.Reflection;
using Ebee.Btf;

namespace Ebee.Tests.Unit;

/// <summary>Values of C types: what causes/values.bpf.c declares, as clang writes it.</summary>
public sealed class BtfCodecTests
{
    private static readonly Lazy<BtfBlob> Values = new(() =>
        BtfBlob.Parse(ElfSection.Find(File.ReadAllBytes(BpfCause.Object("values")), ".BTF")));

    private static BtfCodec Everything => Codec("everything");

    // A value of each field, as a user may give it, and as it is read.
    private static readonly Dictionary<string, (object Given, object Read)> Fields = new()
    {
        ["s8"] = (-128, (sbyte)-128),
        ["u8"] = ("0xff", (byte)255),
        ["s16"] = (-32768L, (short)-32768),
        ["u16"] = (65535u, (ushort)65535),
        ["s32"] = ("-2147483648", int.MinValue),
        ["u32"] = (4294967295.0, uint.MaxValue),
        ["s64"] = (long.MinValue, long.MinValue),
        ["u64"] = ("0xffffffffffffffff", ulong.MaxValue),
        ["s128"] = (-(BigInteger.One << 127), -(BigInteger.One << 127)),
        ["u128"] = (UInt128.MaxValue, (BigInteger.One << 128) - 1),
        ["yes"] = ("true", true),
        ["text"] = ("fifteen bytes å", "fifteen bytes å"),
        ["bytes"] = (new object[] { 1, "2", 3L, (byte)4, 0x5, 255 }, new byte[] { 1, 2, 3, 4, 5, 255 }),
        ["small"] = (new[] { -1, 0, 127 }, new sbyte[] { -1, 0, 127 }),
        ["numbers"] = (new ArrayList { 1, 2u, "3" }, new uint[] { 1, 2, 3 }),
        ["grid"] = (new[] { new[] { 1, 2, 3 }, new[] { 4, 5, 6 } }, new ushort[][] { [1, 2, 3], [4, 5, 6] }),
        ["lines"] = (new[] { "one", "eightlong"[..8] }, new[] { "one", "eightlon" }),
        ["point"] = (new Hashtable { ["x"] = 1, ["Y"] = -2 }, "struct point { x = 1, y = -2 }"),
        ["points"] = (new object[] { new { x = 1, y = 2 }, new Dictionary<string, object> { ["y"] = 4 } },
            "[struct point { x = 1, y = 2 }, struct point { x = 0, y = 4 }]"),
        ["word"] = (new Hashtable { ["whole"] = 0x04030201 }, "union word { whole = 67305985, bytes = 01020304 }"),
        ["pair"] = (new Hashtable { ["low"] = 1, ["high"] = 2 }, "struct pair_t { low = 1, high = 2 }"),
        ["named"] = (new Hashtable { ["inner"] = 9 }, "struct everything_named { inner = 9 }"),
        ["right"] = (-1, -1),
        ["deep"] = (200, (byte)200),
        ["bit1"] = (1, 1u),
        ["bits5"] = (30, 30u),
        ["sbits7"] = (-64, -64),
        ["bits19"] = (0x5ffff, 0x5ffffu),
        ["bits40"] = (0xf123456789L, 0xf123456789UL),
        ["sbits20"] = (-524288, -524288L),
        ["state_bits"] = ("state_busy", "STATE_BUSY"),
        ["flag_bit"] = (1, true),
        ["state"] = ("STATE_GONE", "STATE_GONE"),
        ["states"] = (new object[] { "STATE_BUSY", 55 }, "[STATE_BUSY, 55]"),
        ["sign"] = (-5, "SIGN_MINUS"),
        ["wide"] = ("wide_high", "WIDE_HIGH"),
        ["narrow"] = ("1.5", 1.5f),
        ["broad"] = (-2.25, -2.25),
        ["pointer"] = (0xffff888012345678UL, "0xffff888012345678"),
        ["target"] = ("0x10", "0x10"),
        ["port"] = (443, (ushort)443),
        ["count"] = (0x01020304, 0x01020304u),
        ["saddr"] = ("10.1.2.3", "10.1.2.3"),
        ["big"] = (1, 1UL),
        ["v4"] = (System.Net.IPAddress.Loopback, "127.0.0.1"),
        ["v6"] = ("fe80::1", "fe80::1"),
        ["pid"] = (1, 1u),
        ["Pid_2"] = (2, 2u),
        ["GetType_2"] = (3, 3u),
        ["ToString_2"] = (4, 4u),
    };

    private static BtfCodec Codec(string structName) => BtfCodec.For(Values.Value, Values.Value.Find(BtfKind.Struct, structName)!.Id);

    [Fact]
    public void Every_type_is_written_and_read()
    {
        byte[] bytes = new byte[Everything.Size];
        Everything.Encode(Fields.ToDictionary(f => f.Key, f => f.Value.Given), bytes);
        object value = Everything.Decode(bytes);
        Assert.Equal("everything", value.GetType().Name);
        Assert.All(Fields, field => AssertValue(field.Value.Read, Property(value, field.Key)));
        Assert.Equal([.. Fields.Keys.Append("left").Append("tail").Order(StringComparer.Ordinal)],
            value.GetType().GetProperties().Select(p => p.Name).Order(StringComparer.Ordinal).ToArray());

        byte[] again = new byte[Everything.Size];
        Everything.Encode(value, again);
        Assert.Equal(bytes, again);
    }

    private static object Property(object value, string name) => value.GetType().GetProperty(name)!.GetValue(value)!;

    private static void AssertValue(object expected, object actual)
    {
        if (expected is string && actual is Array array)
        {
            Assert.Equal(expected, $"[{string.Join(", ", array.Cast<object>())}]");
        }
        else
        {
            Assert.Equal(expected, expected is string ? $"{actual}" : actual);
        }
    }
}
