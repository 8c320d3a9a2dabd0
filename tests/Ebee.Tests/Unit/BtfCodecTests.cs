using System.Collections;
using System.Numerics;
using Ebee.Btf;
using Ebee.Events;

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

    [Fact]
    public void Any_bytes_are_read_and_written_back_as_they_were()
    {
        Random random = new(20261121);
        byte[] bytes = new byte[Everything.Size], again = new byte[Everything.Size];
        for (int round = 0; round < 2000; round++)
        {
            random.NextBytes(bytes);
            object value = Everything.Decode(bytes);
            Everything.Encode(value, again);
            Assert.Equal(bytes, again);
            Assert.NotEmpty(value.ToString()!);
            // Field by field, what is no text: text ends at a NUL, and a _Bool of 2 becomes 1.
            foreach (StructField field in ((StructCodec)Everything).Fields.Where(f => f.Codec is NumberCodec and not BooleanCodec or BytesCodec or ArrayCodec { Element: NumberCodec }))
            {
                object one = Property(value, field.Name);
                byte[] written = new byte[Everything.Size];
                Everything.Encode(new Dictionary<string, object> { [field.Name] = one }, written);
                Assert.Equal(one, Property(Everything.Decode(written), field.Name));
            }
        }
    }

    [Fact]
    public void Numbers_of_every_width_keep_their_value_in_every_form()
    {
        Random random = new(4711);
        foreach (StructField field in ((StructCodec)Everything).Fields.Where(f => f.Codec is IntegerCodec))
        {
            int bits = field.IsBitfield ? field.BitSize : 8 * field.Codec.Size;
            bool isSigned = ((IntegerCodec)field.Codec).IsSigned;
            BigInteger lowest = isSigned ? -(BigInteger.One << (bits - 1)) : 0, highest = (BigInteger.One << (isSigned ? bits - 1 : bits)) - 1;
            byte[] noise = new byte[17];
            for (int round = 0; round < 200; round++)
            {
                random.NextBytes(noise);
                BigInteger number = round switch { 0 => lowest, 1 => highest, _ => lowest + new BigInteger(noise, isUnsigned: true) % (highest - lowest + 1) };
                foreach (object form in new object[] { number, $"{number}", number >= 0 ? $"0x{number:x}" : number })
                {
                    byte[] bytes = new byte[Everything.Size];
                    Everything.Encode(new Hashtable { [field.Name] = form }, bytes);
                    Assert.Equal($"{number}", $"{Property(Everything.Decode(bytes), field.Name)}");
                }
            }
            foreach (BigInteger outside in new[] { lowest - 1, highest + 1 })
            {
                EbpfException e = Assert.Throws<EbpfException>(() => Everything.Encode(new Hashtable { [field.Name] = outside }, new byte[Everything.Size]));
                Assert.Equal(EbpfError.InvalidValue, e.Error);
                Assert.Contains($"{field.Name} cannot be {outside}", e.Message);
                Assert.Contains($"{lowest} to {highest}", e.Message);
            }
        }
    }

    [Theory]
    [InlineData("nothing", 1, "no field 'nothing'")]
    [InlineData("text", "seventeen bytes!!", "17 bytes")]
    [InlineData("bytes", new byte[] { 1 }, "6 bytes")]
    [InlineData("numbers", new[] { 1, 2 }, "3 values")]
    [InlineData("numbers", new object[] { 1, 2, "x" }, "numbers[2]")]
    [InlineData("state", "STATE_LOST", "STATE_BUSY")]
    [InlineData("yes", 2, "true")]
    [InlineData("u32", 1.5, "1.5")]
    [InlineData("u32", "", "''")]
    [InlineData("point", 7, "x, y")]
    [InlineData("v4", "fe80::1", "IPv4")]
    [InlineData("narrow", 1e300, "float")]
    public void What_does_not_fit_is_refused(string field, object value, string word)
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Everything.Encode(new Dictionary<string, object> { [field] = value }, new byte[Everything.Size]));
        Assert.Equal(EbpfError.InvalidValue, e.Error);
        Assert.Contains(word, e.Message);
    }

    [Fact]
    public void Equal_layouts_of_two_blobs_make_one_class()
    {
        byte[] section = BtfWriter.Write(Values.Value.Types);
        BtfBlob other = BtfBlob.Parse(section);
        Type type = BtfCodec.For(other, other.Find(BtfKind.Struct, "everything")!.Id).ClrType;
        Assert.Same(Everything.ClrType, type);
        byte[] bytes = new byte[Codec("key").Size];
        Codec("key").Encode(new { pid = 5, name = "a" }, bytes);
        Assert.Equal(Codec("key").Decode(bytes), Codec("key").Decode(bytes));
        Assert.Equal(Codec("key").Decode(bytes).GetHashCode(), Codec("key").Decode(bytes).GetHashCode());
        Assert.Equal("struct key { pid = 5, name = a }", Codec("key").Decode(bytes).ToString());
        Assert.NotEqual(Codec("key").Decode(bytes), Codec("key").Decode(new byte[bytes.Length]));
        Assert.Throws<InvalidDataException>(() => Codec("key").Decode(bytes.AsSpan(1)));
    }

    [Fact]
    public void An_array_without_a_length_takes_what_there_is()
    {
        byte[] bytes = new byte[Everything.Size + 17];
        bytes[Everything.Size] = 9;
        // As in C it begins where the last field ends, which is in what fills the struct up.
        Assert.Equal(new ulong[] { 0, 9, 0 }, Property(Everything.Decode(bytes), "tail"));
        Assert.Equal(new ulong[] { 0 }, Property(Everything.Decode(bytes.AsSpan(0, Everything.Size)), "tail"));
    }

    [Fact]
    public void Wide_enums_keep_unknown_numbers()
    {
        BtfCodec codec = Make(new BtfType(1, BtfKind.Enum64, "wide", 8, 0) { Values = [("LOW", 1), ("HIGH", -1)] });
        byte[] bytes = new byte[8];
        codec.Encode("high", bytes);
        Assert.Equal("HIGH", codec.Decode(bytes).ToString());
        Assert.Equal(ulong.MaxValue, Convert.ToUInt64(codec.Decode(bytes)));
        codec.Encode(77, bytes);
        Assert.Equal("77", codec.Decode(bytes).ToString());
    }

    // None of these is what a compiler writes.
    private static readonly BtfType[][] Hostile =
    [
        [new(1, BtfKind.Struct, "itself", 8, 0) { Members = [new("a", 1, 0, 0)] }],
        [new(1, BtfKind.Struct, "itself", 8, 0) { Members = [new("", 1, 0, 0)] }],
        [new(1, BtfKind.Struct, "loop", 8, 0) { Members = [new("a", 2, 0, 0)] }, new(2, BtfKind.Array, "", 0, 1) { Length = 1 }],
        [new(1, BtfKind.Array, "", 0, 1) { Length = 2 }],
        [new(1, BtfKind.Array, "", 0, 2) { Length = int.MaxValue }, Int4(2)],
        [new(1, BtfKind.Array, "", 0, 2) { Length = -1 }, Int4(2)],
        [new(1, BtfKind.Array, "", 0, 2) { Length = 1 << 14 }, new(2, BtfKind.Array, "", 0, 3) { Length = 1 << 14 }, Int4(3)],
        [new(1, BtfKind.Struct, "outside", 4, 0) { Members = [new("a", 2, 8, 0)] }, Int4(2)],
        [new(1, BtfKind.Struct, "outside", 4, 0) { Members = [new("a", 2, int.MaxValue, 0)] }, Int4(2)],
        [new(1, BtfKind.Struct, "outside", 4, 0) { Members = [new("a", 2, 30, 8)] }, Int4(2)],
        [new(1, BtfKind.Struct, "crooked", 16, 0) { Members = [new("a", 3, 3, 0)] }, Int4(2), new(3, BtfKind.Struct, "s", 4, 0) { Members = [new("x", 2, 0, 0)] }],
        [new(1, BtfKind.Struct, "negative", -1, 0)],
        [new(1, BtfKind.Struct, "huge", int.MaxValue, 0)],
        [new(1, BtfKind.Struct, "gone", 4, 0) { Members = [new("a", 99, 0, 0)] }],
        [new(1, BtfKind.Enum, "odd", 3, 0)],
        [new(1, BtfKind.DataSection, ".data", 8, 0) { Variables = [(2, -8, 4)] }, new(2, BtfKind.Variable, "v", 0, 3), Int4(3)],
        [new(1, BtfKind.DataSection, ".data", 8, 0) { Variables = [(2, 1 << 29, 4)] }, new(2, BtfKind.Variable, "v", 0, 3), Int4(3)],
        [new(1, BtfKind.FunctionPrototype, "", 0, 0)],
        [new(1, BtfKind.Typedef, "t", 0, 1)],
        [.. Enumerable.Range(1, 200).Select(id => new BtfType(id, BtfKind.Array, "", 0, id + 1) { Length = 1 }), Int4(201)],
        // Each of 60 structs has the next one twice, without a name: 2^60 fields.
        [.. Enumerable.Range(1, 60).Select(id => new BtfType(id, BtfKind.Struct, $"s{id}", 4, 0) { Members = [new("", id + 1, 0, 0), new("", id + 1, 0, 0)] }), new(61, BtfKind.Struct, "last", 4, 0)],
    ];

    public static TheoryData<int> HostileTypes => new(Enumerable.Range(0, Hostile.Length));

    [Theory]
    [MemberData(nameof(HostileTypes))]
    public void Hostile_types_are_refused(int index) => Assert.Throws<InvalidDataException>(() => Make(Hostile[index]));

    [Fact]
    public void A_record_shorter_than_a_struct_without_fields_is_given_as_bytes()
    {
        (BtfBlob types, int id) = CDeclaration.Parse("struct event { int : 32; }");
        Assert.Equal(new byte[] { 1, 2 }, new RecordDecoder("map", [BtfCodec.For(types, id)], isPadded: false, _ => { }, _ => "").Decode([1, 2]));
    }

    [Fact]
    public void Odd_names_and_empty_types_are_read()
    {
        BtfType number = Int4(2);
        BtfCodec codec = Make(
            new(1, BtfKind.Struct, "odd, name+[x]\u0001", 32, 0)
            {
                Members =
                [
                    new("a.b", 2, 0, 0), new("a-b", 2, 32, 0), new("A_B", 2, 64, 0), new("1st", 2, 96, 0), new("equals", 2, 128, 0), new("get_equals", 2, 160, 0),
                    new("e", 3, 0, 0), new("v", 4, 0, 0), new(new string('x', 3000), 2, 192, 0), new("none", 5, 0, 0), new("Codec", 2, 0, 0), new("psobject", 2, 0, 0),
                ],
            }, number, new(3, BtfKind.Struct, "empty", 0, 0), new(4, BtfKind.Array, "", 0, 3) { Length = int.MaxValue }, new(5, BtfKind.Forward, "later", 0, 0));
        byte[] bytes = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        object value = codec.Decode(bytes);
        Assert.Equal(["a_b", "a_b_2", "A_B_3", "_1st", "equals_2", "get_equals", "e", "v", new string('x', 255), "none", "Codec", "psobject_2"], value.GetType().GetProperties().Select(p => p.Name));
        Assert.All(value.GetType().GetProperties(), p => Assert.NotNull(p.GetValue(value)));
        Assert.Equal(0x0b0a0908, Property(value, "A_B_3"));
        byte[] again = new byte[32];
        codec.Encode(new Dictionary<string, object> { ["a-b"] = 5 }, again); // as C has it
        Assert.Equal(5, Property(codec.Decode(again), "a_b_2"));
        Assert.Same(value.GetType(), codec.Decode(again).GetType());
        Assert.True(value.Equals(codec.Decode(bytes)));
    }

    [Fact]
    public void Changed_BTF_is_refused_or_read()
    {
        Random random = new(42);
        byte[] section = BtfWriter.Write(Values.Value.Types);
        int made = 0, refused = 0;
        for (int round = 0; round < 400; round++)
        {
            byte[] data = (byte[])section.Clone();
            for (int changes = random.Next(1, 6); changes > 0; changes--)
            {
                data[random.Next(24, data.Length)] = (byte)(0xff << random.Next(8));
            }
            try
            {
                BtfBlob blob = BtfBlob.Parse(data);
                for (int id = 1; id < blob.Types.Count; id++)
                {
                    try
                    {
                        BtfCodec codec = BtfCodec.For(blob, id);
                        if (codec.Size <= 1 << 20)
                        {
                            _ = ValueText.Of(codec.Decode(new byte[codec.Size]));
                            made++;
                        }
                    }
                    catch (InvalidDataException)
                    {
                        refused++;
                    }
                }
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.True(made > 1000 && refused > 50, $"{made} were made, {refused} refused");
    }

    [Fact]
    public void Every_struct_of_the_kernel_has_a_class_or_a_reason()
    {
        SkipException.If(KernelBlobs.Kernel is null, "needs the kernel's BTF");
        BtfBlob kernel = KernelBlobs.Kernel!;
        foreach (string name in new[] { "task_struct", "sk_buff", "tcp_sock", "net_device", "bpf_map" })
        {
            BtfCodec codec = BtfCodec.For(kernel, kernel.Find(BtfKind.Struct, name)!.Id);
            object value = codec.Decode(new byte[codec.Size]);
            Assert.True(value.GetType().GetProperties().Length > 20);
            Assert.All(value.GetType().GetProperties(), property => property.GetValue(value));
        }
    }

    // A million records a second and more; a hand-written class is what it is measured by.
    [Fact]
    public void Objects_are_made_nearly_as_fast_as_of_a_class_written_by_hand()
    {
        BtfCodec codec = Codec("key");
        byte[] record = new byte[codec.Size];
        codec.Encode(new { pid = 1, name = "sh" }, record);
        double best = 0;
        for (int round = 0; round < 20 && best < 0.7; round++)
        {
            double emitted = Rate(() => codec.Decode(record)), hand = Rate(() => new HandWritten(record));
            best = round < 3 ? 0 : Math.Max(best, emitted / hand); // the first ones are compiled meanwhile
        }
        Assert.True(best >= 0.7, $"{best:0.00} of the objects per second");
    }

    private static double Rate(Func<object> make)
    {
        const int Count = 300_000;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        for (int i = 0; i < Count; i++)
        {
            GC.KeepAlive(make());
        }
        return Count / System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private sealed class HandWritten
    {
        private readonly byte[] _data;

        public HandWritten(ReadOnlySpan<byte> record)
        {
            _data = GC.AllocateUninitializedArray<byte>(record.Length);
            record.CopyTo(_data);
        }

        public uint ProcessId => BitConverter.ToUInt32(_data);
    }

    private static BtfType Int4(int id) => new(id, BtfKind.Int, "int", 4, 0) { IsSigned = true, Bits = 32 };

    // The codec of the first.
    private static BtfCodec Make(params BtfType[] types) =>
        BtfCodec.For(BtfBlob.Parse(BtfWriter.Write([new BtfType(0, BtfKind.Void, "void", 0, 0), .. types])), 1);

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
