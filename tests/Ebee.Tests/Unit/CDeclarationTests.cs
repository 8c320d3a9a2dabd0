using Ebee.Btf;
using Ebee.Tests.Support;

namespace Ebee.Tests.Unit;

/// <summary>C declarations, whose layout clang is the witness of.</summary>
public sealed class CDeclarationTests
{
    [Theory]
    [InlineData("struct t { int pid; unsigned long long time; char comm[16]; };")]
    [InlineData("struct t { char a; short b; char c; int d; char e; long f; char g; };")]
    [InlineData("struct t { unsigned int a:3, b:5; unsigned int c:30; unsigned char d:4; int e:12; };")]
    [InlineData("struct t { unsigned long long a:40; unsigned int b:20; unsigned int :0; int c:4; unsigned short :5; short d:9; char e; };")]
    [InlineData("struct t { char a; struct { short x; union { int i; char c[6]; }; } b[3]; enum { ONE = 1, TWO } k; char text[]; };")]
    [InlineData("struct t { char a; long long b; int c:5; } __attribute__((packed));")]
    [InlineData("struct t { char a; long long b; char c; } __attribute__((packed, aligned(4)));")]
    [InlineData("struct t { char a; char b __attribute__((aligned(16))); int c; };")]
    [InlineData("union t { char c[5]; int i; struct { char x; long y; } s; };")]
    [InlineData("enum kind { A = -1, B, C = 0x10 }; typedef unsigned short port_t; struct inner { port_t p; void *at; const char *const name[2]; }; struct t { enum kind k; struct inner in[2][3]; _Bool flag; float f; double d; };")]
    [InlineData("struct t { unsigned char a; int b:9; unsigned char c; unsigned short d:1; };")]
    [InlineData("struct t { unsigned x; signed char y; long long int z; short unsigned int w; long unsigned v; };")]
    public void Are_laid_out_as_clang_does(string declaration)
    {
        (BtfBlob types, int id) = CDeclaration.Parse(declaration);
        string keyword = declaration.Contains("union t ", StringComparison.Ordinal) ? "union" : "struct";
        byte[] compiled = BpfCause.Compile($"{declaration}\n{keyword} t *unused;\n");
        BtfBlob witness = BtfBlob.Parse(ElfSection.Find(compiled, ".BTF"));
        BtfType expected = witness.Find(keyword == "union" ? BtfKind.Union : BtfKind.Struct, "t")!;
        Assert.Equal(Describe(witness, expected.Id), Describe(types, id));
    }

    [Fact]
    public void Know_the_kernels_and_the_standards_types()
    {
        (BtfBlob types, int id) = CDeclaration.Parse("struct { u8 a; __u16 b; s32 c; uint64_t d; __be16 e; __be32 f; bool g; size_t h; pid_t i; char j[TASK_COMM_LEN]; }");
        BtfType type = types.Types[id];
        Assert.Equal([0, 16, 32, 64, 128, 160, 192, 256, 320, 352], type.Members.Select(m => m.BitOffset));
        Assert.Equal(64, type.Size);
        Assert.Equal("__be16", types.Types[type.Members[4].Type].Name);
    }

    [Theory]
    [InlineData("u32", 4)]
    [InlineData("unsigned long", 8)]
    [InlineData("char [16]", 16)]
    [InlineData("struct { int a; // a comment; }\n /* and } */ int b; }", 8)]
    [InlineData("struct a { int x; }; struct b { struct a y[2]; };", 8)]
    public void May_be_short(string declaration, int size)
    {
        (BtfBlob types, int id) = CDeclaration.Parse(declaration);
        BtfType type = types.Resolve(id);
        Assert.Equal(size, type.Kind == BtfKind.Array ? type.Length * types.Resolve(type.Target).Size : type.Size);
    }

    [Theory]
    [InlineData("struct event { task_struct x; }", "'task_struct' is no type")]
    [InlineData("struct event { struct other x; }", "'struct other' is not declared")]
    [InlineData("struct event { int x }", "'}' stands where ';' should")]
    [InlineData("struct event { int x;", "it ends")]
    [InlineData("struct event { int x:40; }", "cannot have 40 bits")]
    [InlineData("struct event { int x:4294967297; }", "cannot have 4294967297 bits")]
    [InlineData("struct event { char x[99999999999]; }", "too long")]
    [InlineData("struct event { char x[4000000][4000000]; }", "too many")]
    [InlineData("struct event { void x; }", "is void")]
    [InlineData("struct event { int x[010]; }", "number")]
    [InlineData("struct event { int x __attribute__((mode(QI))); }", "attribute 'mode'")]
    [InlineData("", "ends too soon")]
    [InlineData("void", "no size")]
    [InlineData("struct event { struct event next; }", "not declared")]
    [InlineData("rm -rf /", "'rm' is no type")]
    public void That_are_wrong_are_one_error(string declaration, string message)
    {
        EbpfException error = Assert.Throws<EbpfException>(() => CDeclaration.Parse(declaration));
        Assert.Equal(EbpfError.InvalidArgument, error.Error);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_any_text_end_in_a_type_or_one_error()
    {
        const string Sample = "enum k { A = -1, B }; struct event { int a:3; char c[16]; union { u8 x; struct { __be16 p; } *q; } in[2]; enum k k; } __attribute__((packed));";
        Random random = new(4711);
        for (int i = 0; i < 20_000; i++)
        {
            char[] text = Sample.ToCharArray();
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                text[random.Next(text.Length)] = Sample[random.Next(Sample.Length)];
            }
            try
            {
                CDeclaration.Parse(new string(text, 0, random.Next(text.Length + 1)));
            }
            catch (EbpfException)
            {
            }
        }
        Assert.Throws<EbpfException>(() => CDeclaration.Parse(string.Concat(Enumerable.Repeat("struct {", 100_000))));
    }

    [Fact]
    public void Types_of_types_and_arrays_of_arrays_without_end_are_read()
    {
        const int Many = 50_000;
        string typedefs = "typedef int t0;" + string.Concat(Enumerable.Range(1, Many).Select(i => $"typedef t{i - 1} t{i};"));
        (BtfBlob types, int id) = CDeclaration.Parse($"{typedefs} struct event {{ t{Many} x : 3; }};");
        Assert.Equal(4, types.Types[id].Size);
        (types, id) = CDeclaration.Parse($"struct event {{ int x{string.Concat(Enumerable.Repeat("[1]", Many))}; }};");
        Assert.Equal(4, types.Types[id].Size);
    }

    // Names of basic types differ between compilers: what they are is compared.
    private static string Describe(BtfBlob types, int id)
    {
        BtfType type = types.Resolve(id);
        return type.Kind switch
        {
            BtfKind.Struct or BtfKind.Union => $"{type.Kind} {type.Name} {type.Size} {{ "
                + string.Join("; ", type.Members.Select(m => $"{m.Name}@{m.BitOffset}:{m.BitSize} {Describe(types, m.Type)}")) + " }",
            BtfKind.Array => $"{Describe(types, type.Target)}[{type.Length}]",
            BtfKind.Enum => $"enum {type.Name} {string.Join(",", type.Values.Select(v => $"{v.Name}={(uint)v.Value}"))}",
            BtfKind.Pointer => "*",
            BtfKind.Int => $"int{type.Size}{(type.IsSigned ? "s" : "u")}",
            _ => $"{type.Kind}{type.Size}",
        };
    }
}
