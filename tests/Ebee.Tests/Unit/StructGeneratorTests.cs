using Ebee.Bindings;
using Ebee.Btf;

namespace Ebee.Tests.Unit;

/// <summary>What C# cannot express exactly ends the build, with a message that names the field.</summary>
public sealed class StructGeneratorTests
{
    private static readonly BtfType Void = new(0, BtfKind.Void, "void", 0, 0);
    private static readonly BtfType U32 = new(1, BtfKind.Int, "u32", 4, 0);

    [Fact]
    public void A_struct_becomes_a_struct()
    {
        string text = Generate(
            new(4, BtfKind.Struct, "my_record", 24, 0)
            {
                Members = [new("first_field", 1, 0, 0), new("name", 5, 32, 0), new("wide", 6, 128, 0)],
            },
            new(5, BtfKind.Array, "", 0, 7) { Length = 8 },
            new(6, BtfKind.Int, "u64", 8, 0),
            new(7, BtfKind.Int, "char", 1, 0));
        Assert.Contains("[StructLayout(LayoutKind.Explicit, Size = 24)]", text, StringComparison.Ordinal);
        Assert.Contains("internal struct MyRecord", text, StringComparison.Ordinal);
        Assert.Matches(@"\[FieldOffset\(0\)\]\s+public uint FirstField;", text);
        Assert.Matches(@"\[FieldOffset\(4\)\]\s+public Bytes8 Name;", text);
        Assert.Matches(@"\[FieldOffset\(16\)\]\s+public ulong Wide;", text);
    }

    [Fact]
    public void Bitfields_become_properties_over_the_word_they_share()
    {
        string text = Generate(
            new(4, BtfKind.Struct, "my_record", 16, 0)
            {
                Members = [new("whole", 1, 0, 0), new("low", 1, 32, 1), new("high", 1, 61, 3), new("wide", 5, 64, 40)],
            },
            new(5, BtfKind.Int, "u64", 8, 0));
        Assert.Matches(@"\[FieldOffset\(4\)\]\s+private uint _bits4As32;", text);
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(text, "private uint"));
        Assert.Contains("public uint Low\n    {\n        readonly get => (uint)(_bits4As32 >> 0 & 0x1);", text, StringComparison.Ordinal);
        Assert.Contains("public uint High\n    {\n        readonly get => (uint)(_bits4As32 >> 29 & 0x7);", text, StringComparison.Ordinal);
        Assert.Matches(@"\[FieldOffset\(8\)\]\s+private ulong _bits8As64;", text);
        Assert.Contains("public ulong Wide\n    {\n        readonly get => (ulong)(_bits8As64 >> 0 & 0xffffffffff);", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Anonymous_structs_and_unions_become_fields_that_overlap()
    {
        string text = Generate(
            new(4, BtfKind.Struct, "my_record", 16, 0) { Members = [new("kind", 1, 0, 0), new("", 5, 64, 0)] },
            new(5, BtfKind.Union, "", 8, 0) { Members = [new("size", 1, 0, 0), new("by_name", 6, 0, 0), new("by_id", 7, 0, 0)] },
            new(6, BtfKind.Struct, "", 8, 0) { Members = [new("name", 1, 0, 0), new("length", 1, 32, 0)] },
            new(7, BtfKind.Struct, "", 8, 0) { Members = [new("id", 1, 32, 0), new("", 8, 0, 0)] },
            new(8, BtfKind.Union, "", 4, 0) { Members = [new("flag", 1, 0, 2)] });
        Assert.Matches(@"\[FieldOffset\(0\)\]\s+public uint Kind;", text);
        Assert.Matches(@"\[FieldOffset\(8\)\]\s+public uint Size;", text);
        Assert.Matches(@"\[FieldOffset\(8\)\]\s+public uint ByNameName;", text);
        Assert.Matches(@"\[FieldOffset\(12\)\]\s+public uint ByNameLength;", text);
        Assert.Matches(@"\[FieldOffset\(12\)\]\s+public uint ByIdId;", text);
        Assert.Contains("public uint ByIdFlag\n    {\n        readonly get => (uint)(_bits8As32 >> 0 & 0x3);", text, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "pointer", "my_record.next" },
        { "union", "my_record.either" },
        { "unnamed", "my_record" },
        { "signed bitfield", "my_record.flag" },
        { "crossing", "my_record.flag" },
        { "nested", "my_record.outer.next" },
        { "ints", "my_record.counts" },
        { "float", "my_record.ratio" },
        { "int128", "my_record.huge" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_cannot_be_expressed_ends_the_build(string what, string named)
    {
        BtfMember member = what switch
        {
            "signed bitfield" => new("flag", 11, 0, 3),
            "crossing" => new("flag", 1, 30, 3),
            "nested" => new("outer", 7, 0, 0),
            "pointer" => new("next", 5, 0, 0),
            "union" => new("either", 6, 0, 0),
            "unnamed" => new("", 1, 0, 0),
            "ints" => new("counts", 8, 0, 0),
            "float" => new("ratio", 9, 0, 0),
            _ => new("huge", 10, 0, 0),
        };
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Generate(
            new(4, BtfKind.Struct, "my_record", 16, 0) { Members = [member] },
            new(5, BtfKind.Pointer, "", 0, 4),
            new(6, BtfKind.Union, "either", 8, 0),
            new(7, BtfKind.Struct, "", 8, 0) { Members = [new("next", 5, 0, 0)] },
            new(8, BtfKind.Array, "", 0, 1) { Length = 4 },
            new(9, BtfKind.Float, "double", 8, 0),
            new(10, BtfKind.Int, "u128", 16, 0),
            new(11, BtfKind.Int, "int", 4, 0) { IsSigned = true }));
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.Contains("test.bpf.o", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_name_with_two_layouts_ends_the_build()
    {
        StructGenerator generator = new();
        generator.Add("a.bpf.o", Blob(new BtfType(4, BtfKind.Struct, "s", 4, 0) { Members = [new("a", 1, 0, 0)] }));
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            generator.Add("b.bpf.o", Blob(new BtfType(4, BtfKind.Struct, "s", 8, 0) { Members = [new("a", 1, 32, 0)] })));
        Assert.Contains("b.bpf.o", e.Message, StringComparison.Ordinal);
    }

    private static string Generate(params BtfType[] types)
    {
        StructGenerator generator = new();
        generator.Add("test.bpf.o", Blob(types));
        return generator.Generate();
    }

    // Type 4 is the exported one, through a pointer and a variable.
    private static BtfBlob Blob(params BtfType[] types) => BtfBlob.Parse(BtfWriter.Write(
    [
        Void, U32, new(2, BtfKind.Pointer, "", 0, 4), new(3, BtfKind.Variable, "export_my_record", 0, 2), .. types,
    ]));
}
