using System.Diagnostics;
using Ebee.Programs;

namespace Ebee.Tests.Unit;

/// <summary>What is found in the preprocessor's output.</summary>
public sealed class PreprocessedSourceTests
{
    private const string Marker = "# 1 \"probe.c\"\n";

    [Fact]
    public void Types_programs_and_the_licence_are_found()
    {
        PreprocessedSource source = new(Marker + """
            struct event { int pid; } __attribute__((packed)); typedef struct { char brace = '}'; } __attribute__((aligned(8))) event_t;
            char LICENSE[] __attribute__((section("license"), used)) = "GPL }";
            __attribute__((section("xdp"), used)) int on_packet(void *context) { return '\'' + "\"{"[0]; }
            """);
        Assert.Equal(["struct event", "event_t"], source.Types);
        Assert.True(source is { HasProgram: true, HasLicense: true, IsBalanced: true });
    }

    [Fact]
    public void The_kernels_types_are_not_the_programs_own()
    {
        PreprocessedSource source = new(Marker + """
            #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
            struct task_struct { int pid; };
            #pragma clang attribute push (__attribute__((annotate("x"))), apply_to = function)
            #pragma clang attribute pop
            struct file { int pid; };
            #pragma clang attribute pop
            #pragma clang attribute name.push (__attribute__((annotate("x"))), apply_to = function)
            struct event { int pid; };
            #pragma clang attribute name.pop
            """);
        Assert.Equal(["struct event"], source.Types);
    }

    // Each takes time that grows with its length, not with its square.
    [Theory]
    [InlineData("__attribute__ ")]
    [InlineData("struct s { int x; } ")]
    [InlineData("\\' + \"}\\\" ")]
    [InlineData("{ ")]
    public void A_long_source_is_read_at_once(string piece)
    {
        Stopwatch watch = Stopwatch.StartNew();
        _ = new PreprocessedSource(Marker + string.Concat(Enumerable.Repeat(piece, 100_000)));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 10);
    }
}
