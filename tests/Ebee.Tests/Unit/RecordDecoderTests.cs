using Ebee.Btf;
using Ebee.Events;
using Ebee.Programs;

namespace Ebee.Tests.Unit;

/// <summary>Records that programs send as far as they are filled, and which struct they are.</summary>
public sealed class RecordDecoderTests
{
    private const string Event = "struct event { int pid; char text[64]; };";
    private static readonly byte[] Sent = [7, 0, 0, 0, .. "first\0second\0"u8];

    [Theory]
    [InlineData(Event)]
    [InlineData("struct event { int pid; char text[]; };")]
    public void A_record_that_ends_within_its_last_array_has_all_strings(string declaration)
    {
        object e = Decode(declaration, Sent, isPadded: false);
        Assert.Equal((7, "first\0second"), (Field(e, "pid"), Field(e, "text")));
    }

    [Fact]
    public void Behind_the_last_string_a_perf_record_has_nothing()
    {
        object e = Decode(Event, [.. Sent, .. "junk"u8], isPadded: true);
        Assert.Equal("first\0second", Field(e, "text"));
    }

    [Fact]
    public void Numbers_are_those_that_were_sent()
    {
        object e = Decode("struct event { int count; int number[8]; };", [2, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0], isPadded: false);
        Assert.Equal([5, 6], Assert.IsType<int[]>(Field(e, "number")));
    }

    [Theory]
    [InlineData("struct event { int pid; char text[64]; int more; };")] // more was not sent
    [InlineData("struct event { long time; char text[64]; };", 6)]      // nor was time
    [InlineData("struct event { char text[64]; };")]                    // anything would be that
    public void A_record_without_all_other_fields_is_bytes(string declaration, int length = 17) =>
        Assert.Equal(Sent[..length], Decode(declaration, Sent[..length], isPadded: false));

    [Fact]
    public void The_only_struct_of_a_size_is_chosen_and_of_two_the_one_that_no_map_holds()
    {
        (BtfBlob types, _) = CDeclaration.Parse("struct span { int a; int b; }; struct other { int a; };");
        Assert.Equal("span", EventTypes.Choose(types, EventTypes.OfSize(types, 8))?.Name);
        (types, _) = CDeclaration.Parse("struct span { int a; int b; }; struct other { long a; };");
        Assert.Null(EventTypes.Choose(types, EventTypes.OfSize(types, 8)));
    }

    [Fact]
    public void The_kernels_own_structs_are_not_offered()
    {
        (BtfBlob types, _) = CDeclaration.Parse("struct task_struct { int pid; int tgid; }; struct span { int a; int b; };");
        Assert.Equal(["span"], EventTypes.OfSize(types, 8).Select(type => type.Name));
        Assert.Equal(["span"], EventTypes.Names(types));
    }

    [Fact]
    public void Records_of_no_constant_size_are_the_struct_of_events_that_ends_with_an_array()
    {
        (BtfBlob types, _) = CDeclaration.Parse("struct key { int pid; char name[16]; }; struct event { int pid; char text[64]; };");
        List<string> choices = [];
        EventOptions options = new() { OnChoice = choices.Add };
        Assert.Equal("struct event", Assert.Single(RecordTypes.Find("events", true, [new EventOutput(3, null)], [types], options)).CName);
        Assert.Contains("records of any size", Assert.Single(choices), StringComparison.Ordinal);
    }

    private static object Decode(string declaration, byte[] record, bool isPadded)
    {
        (BtfBlob types, int id) = CDeclaration.Parse(declaration);
        return new RecordDecoder("events", [BtfCodec.For(types, id)], isPadded, _ => { }).Decode(record);
    }

    private static object? Field(object e, string name) => e.GetType().GetProperty(name)!.GetValue(e);
}
