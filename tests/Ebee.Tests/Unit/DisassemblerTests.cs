using Ebee.Programs;

namespace Ebee.Tests.Unit;

/// <summary>Instructions that compilers seldom make, and those that are newer than the bpftool at hand.</summary>
public sealed class DisassemblerTests
{
    [Theory]
    [InlineData("0f21000000000000", "(0f) r1 += r2")]
    [InlineData("0401000064000000", "(04) w1 += 100")]
    [InlineData("87010000 00000000", "(87) r1 = -r1")]
    [InlineData("84010000 00000000", "(84) w1 = -w1")]
    [InlineData("dc010000 40000000", "(dc) r1 = be64 r1")]
    [InlineData("d4010000 10000000", "(d4) r1 = le16 r1")]
    [InlineData("d7010000 20000000", "(d7) r1 = bswap32 r1")]
    [InlineData("3f210100 00000000", "(3f) r1 s/= r2")]
    [InlineData("97010100 07000000", "(97) r1 s%= 7")]
    [InlineData("bf210800 00000000", "(bf) r1 = (s8)r2")]
    [InlineData("bc212000 00000000", "(bc) w1 = (s32)w2")]
    [InlineData("81210400 00000000", "(81) r1 = *(s32 *)(r2 +4)")]
    [InlineData("71a1f8ff 00000000", "(71) r1 = *(u8 *)(r10 -8)")]
    [InlineData("7a0af0ff ffffffff", "(7a) *(u64 *)(r10 -16) = -1")]
    [InlineData("30000000 0c000000", "(30) r0 = *(u8 *)skb[12]")]
    [InlineData("48200000 0e000000", "(48) r0 = *(u16 *)skb[r2 + 14]")]
    [InlineData("05000500 00000000", "(05) goto pc+5")]
    [InlineData("06000000 fbffffff", "(06) gotol pc-5")]
    [InlineData("e5000300 00000000", "(e5) may_goto pc+3")]
    [InlineData("45010000 07000000", "(45) if r1 & 0x7 goto pc+0")]
    [InlineData("c6010200 ffffffff", "(c6) if w1 s< 0xffffffff goto pc+2")]
    [InlineData("5d21feff 00000000", "(5d) if r1 != r2 goto pc-2")]
    [InlineData("95000000 00000000", "(95) exit")]
    [InlineData("db210800 00000000", "(db) lock *(u64 *)(r1 +8) += r2")]
    [InlineData("c3210800 a1000000", "(c3) r2 = atomic_fetch_xor((u32 *)(r1 +8), r2)")]
    [InlineData("db210800 f1000000", "(db) r0 = atomic64_cmpxchg((u64 *)(r1 +8), r0, r2)")]
    [InlineData("db210800 00010000", "(db) r1 = load_acquire((u64 *)(r2 +8))")]
    [InlineData("db210800 10010000", "(db) store_release((u64 *)(r1 +8), r2)")]
    [InlineData("18010000 efcdab89 00000000 67452301", "(18) r1 = 0x123456789abcdef")]
    [InlineData("18110000 07000000 00000000 00000000", "(18) r1 = map[id:7]")]
    [InlineData("18210000 07000000 00000000 10000000", "(18) r1 = map[id:7][0]+16")]
    [InlineData("18410000 05000000 00000000 00000000", "(18) r1 = subprog[+5]")]
    [InlineData("85000000 0c000000", "(85) call bpf_tail_call#12")]
    [InlineData("85100400 00000000", "(85) call pc+4")]
    public void An_instruction_is_written_as_by_the_verifier(string bytes, string text)
    {
        byte[] code = Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(text, new Disassembler(new SymbolTable(), number => number == 12 ? "tail_call" : null, []).Write(code));
    }

    // Whatever a kernel of the future gives: text, no exception.
    [Fact]
    public void Every_code_is_written()
    {
        Disassembler disassembler = new(new SymbolTable(), _ => null, [1, 2]);
        for (int code = 0; code < 256; code++)
        {
            foreach (byte registers in (byte[])[0x00, 0x21, 0xff])
            {
                byte[] bytes = [(byte)code, registers, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
                Assert.NotEmpty(disassembler.Write(bytes));
                Assert.NotEmpty(disassembler.Write(bytes.AsSpan(0, 8)));
            }
        }
    }
}
