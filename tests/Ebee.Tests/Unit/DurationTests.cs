using System.Globalization;
using Ebee.Events;

namespace Ebee.Tests.Unit;

public sealed class DurationTests
{
    [Theory]
    [InlineData("10s", 10)]
    [InlineData("5m", 300)]
    [InlineData("1h", 3600)]
    [InlineData("2d", 172800)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5h", 5400)]
    [InlineData("0.25s", 0.25)]
    [InlineData("00:05:00", 300)]
    [InlineData("00:00:01.5", 1.5)]
    [InlineData("1.00:00:00", 86400)]
    [InlineData("7", 7)] // a bare number is seconds
    [InlineData("0", 0)]
    [InlineData("0.5", 0.5)]
    [InlineData(" 10s ", 10)]
    [InlineData("1000000", 1000000)]
    public void Forms_that_people_write(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("s")]
    [InlineData("-5")]
    [InlineData("-5s")]
    [InlineData("-00:05:00")]
    [InlineData("5x")]
    [InlineData("5 minutes")]
    [InlineData("5M")]
    [InlineData("5s5m")]
    [InlineData("1,5s")]
    [InlineData("1e3")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("∞")]
    [InlineData("99999999999999999999d")]
    [InlineData("00:05:00s")]
    [InlineData("99:99:99")]
    public void What_is_no_duration_is_an_error_that_says_so(string text)
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Duration.Parse(text));
        Assert.Equal("EbpfInvalidArgument", e.ErrorId);
        Assert.Contains($"'{text}'", e.Message, StringComparison.Ordinal);
        Assert.Contains("10s", e.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void The_machines_culture_does_not_count()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        try
        {
            CultureInfo.CurrentCulture = comma;
            Assert.Equal(TimeSpan.FromSeconds(1.5), Duration.Parse("1.5s"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
