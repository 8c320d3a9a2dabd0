using Ebee.Bindings;
using Ebee.Btf;
using Ebee.Tracers;

namespace Ebee.Tests.Unit;

public sealed class BtfBlobTests
{
    // One type of each kind.
    private static readonly BtfType[] EveryKind =
    [
        new(0, BtfKind.Void, "void", 0, 0),
        new(1, BtfKind.Int, "int", 4, 0) { IsSigned = true },
        new(2, BtfKind.Int, "unsigned long", 8, 0),
        new(3, BtfKind.Pointer, "", 0, 1),
        new(4, BtfKind.Array, "", 0, 1) { Length = 16 },
        new(5, BtfKind.Struct, "s", 24, 0) { Members = [new("a", 1, 0, 0), new("b", 2, 64, 0), new("", 6, 128, 0)] },
        new(6, BtfKind.Union, "u", 8, 0) { Members = [new("x", 1, 0, 3), new("y", 1, 3, 5)] },
        new(7, BtfKind.Enum, "e", 4, 0) { Values = [("E_A", 0), ("E_B", 4294967295)] },
        new(8, BtfKind.Enum, "se", 4, 0) { IsSigned = true, Values = [("SE_A", -1)] },
        new(9, BtfKind.Forward, "later", 0, 0),
        new(10, BtfKind.Typedef, "t", 0, 11),
        new(11, BtfKind.Const, "", 0, 12),
        new(12, BtfKind.Volatile, "", 0, 13),
        new(13, BtfKind.Restrict, "", 0, 5),
        new(14, BtfKind.FunctionPrototype, "", 0, 1),
        new(15, BtfKind.Function, "f", 0, 14),
        new(16, BtfKind.Variable, "v", 0, 5),
        new(17, BtfKind.DataSection, ".rodata", 24, 0) { Variables = [(16, 0, 24)] },
        new(18, BtfKind.Float, "double", 8, 0),
        new(19, BtfKind.DeclarationTag, "tag", 0, 5),
        new(20, BtfKind.TypeTag, "rcu", 0, 5),
        new(21, BtfKind.Enum64, "wide", 8, 0) { Values = [("W", 1L << 40), ("V", -1)] },
    ];

    private static readonly string[] Names = ["exec", "filedelete"];

    public static TheoryData<string> Objects => new(Names);

    [Fact]
    public void Every_kind_comes_back_as_it_was_written() => AssertSame(EveryKind, BtfBlob.Parse(BtfWriter.Write(EveryKind)).Types);

    [Theory]
    [MemberData(nameof(Objects))]
    public void A_compiled_object_survives_a_round_trip(string name)
    {
        BtfBlob blob = BtfBlob.Parse(Section(name));
        Assert.Equal(8, blob.Resolve(blob.Find(BtfKind.Typedef, "u64")!.Id).Size);
        AssertSame(blob.Types, BtfBlob.Parse(BtfWriter.Write(blob.Types)).Types);
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public unsafe void The_bindings_are_laid_out_as_the_object_says(string name)
    {
        BtfBlob blob = BtfBlob.Parse(Section(name));
        Assert.Equal(sizeof(TaskInfo), blob.Find(BtfKind.Struct, "task_info")!.Size);
        Assert.Equal(sizeof(Settings), blob.Find(BtfKind.Struct, "settings")!.Size);
        Assert.Equal(sizeof(CgroupKey), blob.Find(BtfKind.Struct, "cgroup_key")!.Size);
        TaskInfo info = default;
        foreach (BtfMember member in blob.Find(BtfKind.Struct, "task_info")!.Members.Where(m => m.Name == "user_id"))
        {
            Assert.Equal(member.BitOffset / 8, (int)((byte*)&info.UserId - (byte*)&info));
        }
    }

    [Fact]
    public void The_running_kernels_types_are_read()
    {
        if (!File.Exists("/sys/kernel/btf/vmlinux"))
        {
            return; // the live tests name that as their reason to skip
        }
        BtfBlob blob = BtfBlob.Parse(File.ReadAllBytes("/sys/kernel/btf/vmlinux"));
        BtfType task = blob.Find(BtfKind.Struct, "task_struct")!;
        Assert.Contains(task.Members, m => m.Name == "tgid");
        Assert.All(blob.Types, t => blob.Resolve(t.Id));
    }

    [Fact]
    public void Every_beginning_of_a_blob_is_read_or_refused()
    {
        byte[] data = BtfWriter.Write(EveryKind);
        for (int length = 0; length < data.Length; length++)
        {
            ReadOrRefuse(data.AsSpan(0, length));
        }
        Assert.Throws<InvalidDataException>(() => BtfBlob.Parse(data.AsSpan(0, 23)));
        Assert.Throws<InvalidDataException>(() => BtfBlob.Parse(data.AsSpan(0, 200)));
        foreach (byte[] section in Names.Select(Section))
        {
            for (int length = 0; length < section.Length; length += 101)
            {
                ReadOrRefuse(section.AsSpan(0, length));
            }
        }
    }

    [Fact]
    public void A_changed_blob_is_read_or_refused()
    {
        Random random = new(20260728);
        byte[][] blobs = [BtfWriter.Write(EveryKind), Section("exec")];
        for (int round = 0; round < 6000; round++)
        {
            byte[] data = (byte[])blobs[round % 8 == 0 ? 1 : 0].Clone();
            // The header decides most, so it is hit often.
            for (int changes = random.Next(1, 9); changes > 0; changes--)
            {
                int at = random.Next(4) == 0 ? random.Next(24) : random.Next(data.Length);
                data[at] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)(0xff << random.Next(8));
            }
            ReadOrRefuse(data);
        }
    }

    [Theory]
    [InlineData(4, int.MaxValue)] // where the header ends
    [InlineData(8, int.MaxValue)] // where the types begin
    [InlineData(8, -1)]
    [InlineData(12, -1)]          // how long they are
    [InlineData(12, int.MaxValue)]
    [InlineData(16, int.MaxValue)]
    [InlineData(16, int.MinValue)]
    [InlineData(20, -5)]
    public void A_header_that_points_elsewhere_is_refused(int offset, int value)
    {
        byte[] data = BtfWriter.Write(EveryKind);
        BitConverter.TryWriteBytes(data.AsSpan(offset), value);
        Assert.Throws<InvalidDataException>(() => BtfBlob.Parse(data));
    }

    [Fact]
    public void A_type_that_refers_to_itself_is_refused()
    {
        BtfType[] types = [EveryKind[0], new(1, BtfKind.Typedef, "a", 0, 2), new(2, BtfKind.Const, "", 0, 1)];
        BtfBlob blob = BtfBlob.Parse(BtfWriter.Write(types));
        Assert.Throws<InvalidDataException>(() => blob.Resolve(1));
        Assert.Throws<InvalidDataException>(() => blob.Resolve(99));
        Assert.Throws<InvalidDataException>(() => blob.Resolve(-1));
    }

    internal static byte[] Section(string name)
    {
        using Stream stream = typeof(ExecTracer).Assembly.GetManifestResourceStream(name + ".bpf.o")!;
        byte[] elf = new byte[stream.Length];
        stream.ReadExactly(elf);
        return ElfSection.Find(elf, ".BTF").ToArray();
    }

    private static void ReadOrRefuse(ReadOnlySpan<byte> data)
    {
        try
        {
            BtfBlob blob = BtfBlob.Parse(data);
            for (int id = 0; id < blob.Types.Count; id++)
            {
                blob.Resolve(id);
            }
        }
        catch (InvalidDataException)
        {
            // refused
        }
    }

    private static void AssertSame(IReadOnlyList<BtfType> expected, IReadOnlyList<BtfType> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Members, actual[i].Members);
            Assert.Equal(expected[i].Values, actual[i].Values);
            Assert.Equal(expected[i].Variables, actual[i].Variables);
            Assert.Equal(expected[i] with { Members = [], Values = [], Variables = [] }, actual[i] with { Members = [], Values = [], Variables = [] });
        }
    }
}
