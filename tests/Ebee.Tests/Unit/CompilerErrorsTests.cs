using Ebee.Programs;

namespace Ebee.Tests.Unit;

/// <summary>What clang says, with numbers that the source may choose (#line).</summary>
public sealed class CompilerErrorsTests
{
    [Theory]
    [InlineData("probe.c:7:5: error: expected ';'\n    x = 1\n", 7)]
    [InlineData("probe.c:18446744073709551615:10: error: expected ';'\n", null)]
    [InlineData("probe.c:\u0663:10: error: expected ';'\n", null)]
    [InlineData("probe.c:00:10: error: expected ';'\n", null)]
    [InlineData("Error at line 99999999999: Unsupport signed division for DAG\n", null)]
    public void A_line_is_a_number_or_none(string messages, int? line)
    {
        EbpfException e = CompilerErrors.From("probe.c", messages);
        Assert.Equal((EbpfError.CompileFailed, line, messages), (e.Error, e.LineNumber, e.Details));
    }
}
