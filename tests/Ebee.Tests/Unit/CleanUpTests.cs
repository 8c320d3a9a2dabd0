namespace Ebee.Tests.Unit;

/// <summary>That each step is done, and the first error is seen.</summary>
public sealed class CleanUpTests
{
    [Fact]
    public void Each_step_is_done_and_the_first_error_is_thrown_with_the_others()
    {
        int done = 0;
        EbpfException e = Assert.Throws<EbpfException>(() => CleanUp.Run(() => done++, () => throw Failure("first."), () => done++,
            () => throw new IOException("second."), () => done++));
        Assert.Equal(3, done);
        Assert.Equal("first. Besides: second.", e.Message);
    }

    [Fact]
    public void What_fails_afterwards_does_not_hide_why()
    {
        EbpfException first = Failure("cause.");
        bool isDone = false;
        CleanUp.After(first, () => throw Failure("left behind."), () => isDone = true);
        Assert.True(isDone);
        Assert.Equal("cause. Besides: left behind.", first.Message);
        IOException other = new("disk.");
        CleanUp.After(other, () => throw Failure("left behind."));
        Assert.Contains("left behind.", other.Data.Values.Cast<Exception>().Single().Message, StringComparison.Ordinal);
        CleanUp.After(other);
    }

    [Fact]
    public void A_cancellation_does_not_hide_what_is_left() =>
        Assert.Equal("left behind.", Assert.Throws<EbpfException>(() => CleanUp.After(new OperationCanceledException(), () => throw Failure("left behind."))).Message);

    private static EbpfException Failure(string message) => new(EbpfError.FileFailed, message, "");
}
