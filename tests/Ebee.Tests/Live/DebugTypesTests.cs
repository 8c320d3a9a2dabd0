using Ebee.Btf;
using Ebee.Events;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Types of local variables, which an object's debug information has and its BTF has not.</summary>
[Trait("Category", "Live")]
public sealed class DebugTypesTests
{
    private const string Source = """
        typedef unsigned int __u32;
        typedef struct { short x; } point_t;
        enum kind { ONE = 1, LESS = -2 };
        struct event {
            __u32 pid; char comm[16]; struct { short a; char b[2][3]; } in; enum kind kind; unsigned low:3, high:5; void *at;
            point_t point; unsigned long long times[2]; _Bool ok; union { int i; float f; } u; const volatile char c;
        };
        static void (*use)(void *) = (void *)1;
        __attribute__((section("raw_tp/sys_enter"), used)) int f(void *c) { struct event e = {}; use(&e); return 0; }
        """;

    /// <summary>The clangs that are installed, each with both versions of the debug information.</summary>
    public static TheoryData<int, int> Compilers
    {
        get
        {
            TheoryData<int, int> all = [];
            foreach (int clang in new[] { 14, 16, 19 }.Where(version => File.Exists($"/usr/bin/clang-{version}")))
            {
                all.Add(clang, 4);
                all.Add(clang, 5);
            }
            return all;
        }
    }

    [LiveTheory]
    [MemberData(nameof(Compilers))]
    public void A_local_variables_struct_is_laid_out_as_clang_does(int clang, int version)
    {
        byte[] obj = Compile(clang, version);
        BtfBlob types = Assert.IsType<BtfBlob>(DebugTypes.Of(obj));
        BtfType found = Assert.IsType<BtfType>(types.Find(BtfKind.Struct, "event"));
        StructCodec codec = Assert.IsType<StructCodec>(BtfCodec.For(types, found.Id));
        (BtfBlob declared, int id) = CDeclaration.Parse(string.Join('\n', Source.Split('\n')[..7]).Replace("const volatile char", "char", StringComparison.Ordinal));
        StructCodec wanted = Assert.IsType<StructCodec>(BtfCodec.For(declared, id));
        Assert.Equal((wanted.Size, wanted.CName), (codec.Size, codec.CName));
        Assert.Equal(wanted.Fields.Select(Layout), codec.Fields.Select(Layout));
        // And it is found.
        Assert.Equal("struct event", Assert.Single(RecordTypes.Find("events", true, [new EventOutput(3, codec.Size)], [types], new EventOptions())).CName);

        static (string, int, int, int, string) Layout(StructField field) => (field.CName, field.BitOffset, field.BitSize, field.Codec.Size, field.Codec.ClrType.Name);
    }

    [LiveFact]
    public void What_is_damaged_or_left_out_is_none()
    {
        byte[] obj = Compile(14, 5);
        Assert.Null(DebugTypes.Of([]));
        Random random = new(4711);
        for (int round = 0; round < 500; round++)
        {
            byte[] damaged = [.. obj];
            for (int i = random.Next(1, 8); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }
            _ = DebugTypes.Of(damaged); // whatever it is, an answer
        }
    }

    private static byte[] Compile(int clang, int version)
    {
        string folder = TestFolder.New("debug");
        File.WriteAllText($"{folder}/a.c", Source);
        CommandRun run = CommandRun.Run($"/usr/bin/clang-{clang}", ["-g", $"-gdwarf-{version}", "-O2", "-target", "bpf", "-c", $"{folder}/a.c", "-o", $"{folder}/a.o"]);
        Assert.True(run.ExitCode == 0, run.Errors);
        return File.ReadAllBytes($"{folder}/a.o");
    }
}
