using Ebee.Btf;

namespace Ebee.Tests.Unit;

public sealed class TypeHeaderTests
{
    [Fact]
    public void The_types_of_an_object_are_declared()
    {
        string text = Make(BtfBlobTests.Section("exec"));
        Assert.StartsWith("#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n", text, StringComparison.Ordinal);
        Assert.EndsWith("#endif /* __VMLINUX_H__ */\n", text, StringComparison.Ordinal);
        Assert.Contains("struct task_struct {", text, StringComparison.Ordinal);
        Assert.DoesNotContain("()", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_or_empty_file_is_an_error_that_says_so()
    {
        Assert.Equal("EbpfFileFailed", Assert.Throws<EbpfException>(() => TypeHeader.Make("/nowhere/btf")).ErrorId);
        Assert.Equal("EbpfInvalidBtf", Assert.Throws<EbpfException>(() => Make([])).ErrorId);
        Assert.Equal("EbpfInvalidBtf", Assert.Throws<EbpfException>(() => Make("This is no BTF."u8.ToArray())).ErrorId);
    }

    [Fact]
    public void Types_that_are_not_there_are_refused()
    {
        // A pointer to type 99; the writer of the tests makes what it is told.
        byte[] data = BtfWriter.Write([new(0, BtfKind.Void, "void", 0, 0), new(1, BtfKind.Typedef, "broken", 0, 99)]);
        EbpfException e = Assert.Throws<EbpfException>(() => Make(data));
        Assert.Equal("EbpfInvalidBtf", e.ErrorId);
    }

    [Fact]
    public void Types_that_libbpf_writes_without_an_end_do_not_end_the_session()
    {
        BtfType[][] endless =
        [
            [new(1, BtfKind.Pointer, "", 0, 1)],
            [new(1, BtfKind.Const, "", 0, 2), new(2, BtfKind.Pointer, "", 0, 1)],
            [new(1, BtfKind.Pointer, "", 0, 2), new(2, BtfKind.FunctionPrototype, "", 0, 1)],
        ];
        foreach (BtfType[] types in endless)
        {
            byte[] data = BtfWriter.Write([new(0, BtfKind.Void, "void", 0, 0), .. types]);
            EbpfException e = Assert.Throws<EbpfException>(() => Make(data));
            Assert.Equal("EbpfInvalidBtf", e.ErrorId);
            Assert.Contains("libbpf does not survive it (SIGSEGV)", e.Message, StringComparison.Ordinal);
        }
        // But a list's node points to its like.
        string text = Make(BtfWriter.Write([new(0, BtfKind.Void, "void", 0, 0), new(1, BtfKind.Pointer, "", 0, 2),
            new(2, BtfKind.Struct, "node", 8, 0) { Members = [new BtfMember("next", 1, 0, 0)] }]));
        Assert.Contains("struct node *next;", text, StringComparison.Ordinal);
    }

    private static string Make(byte[] btf)
    {
        string path = Path.Combine(TestFolder.New("btf"), "raw");
        File.WriteAllBytes(path, btf);
        return System.Text.Encoding.ASCII.GetString(TypeHeader.Make(path));
    }
}
