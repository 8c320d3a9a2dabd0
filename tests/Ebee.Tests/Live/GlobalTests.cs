using System.Text.Json;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Global variables that are set before the load, against what bpftool reads of them.</summary>
[Trait("Category", "Live")]
public sealed class GlobalTests
{
    [LiveFact]
    public void Values_of_all_types_reach_the_kernel()
    {
        using EbpfProbe probe = Start(new()
        {
            ["signed_constant"] = -4711,
            ["limits_constant"] = new Dictionary<string, object?> { ["low"] = 65535, ["high"] = long.MinValue, ["name"] = "ebee", ["mode"] = "MODE_ON", ["bits"] = new byte[] { 1, 2, 3 } },
            ["text_constant"] = "after",
            ["counter"] = "0xffffffffffffffff",
            ["mode"] = 7,
            ["flag"] = true,
            ["several"] = new[] { 1, 2, 3, 4 },
        });
        Dictionary<string, JsonElement> values = Dump(probe);
        Assert.Equal(-4711, values["signed_constant"].GetInt32());
        Assert.Equal("65535 -9223372036854775808", $"{values["limits_constant"].GetProperty("low")} {values["limits_constant"].GetProperty("high")}");
        Assert.Equal("ebee", values["limits_constant"].GetProperty("name").GetString());
        Assert.Equal("MODE_ON", values["limits_constant"].GetProperty("mode").GetString());
        Assert.Equal([1, 2, 3], values["limits_constant"].GetProperty("bits").EnumerateArray().Select(e => e.GetInt32()));
        Assert.StartsWith("after", values["text_constant"].ToString(), StringComparison.Ordinal);
        Assert.Equal(ulong.MaxValue, values["counter"].GetUInt64());
        Assert.Equal("MODE_ON", values["mode"].GetString());
        Assert.True(values["flag"].GetBoolean());
        Assert.Equal([1u, 2u, 3u, 4u], values["several"].EnumerateArray().Select(e => e.GetUInt32()));
    }

    [LiveFact]
    public void What_is_not_set_keeps_its_value()
    {
        using EbpfProbe probe = Start([]);
        Dictionary<string, JsonElement> values = Dump(probe);
        Assert.Equal(-1, values["signed_constant"].GetInt32());
        Assert.Equal(5ul, values["counter"].GetUInt64());
    }

    [LiveTheory]
    [InlineData("signed_constant", 1L << 31, "InvalidValue")]
    [InlineData("signed_constant", "abc", "InvalidValue")]
    [InlineData("text_constant", "longer than sixteen bytes", "InvalidValue")]
    [InlineData("mode", "MODE_ABSENT", "InvalidValue")]
    [InlineData("signed_konstant", 1, "GlobalNotFound")]
    public void A_wrong_value_is_an_error_that_names_the_variable(string name, object value, string error)
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Start(new() { [name] = value }));
        Assert.Equal(error, e.Error.ToString());
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    private static EbpfProbe Start(Dictionary<string, object?> globals) => EbpfProbe.Start(BpfCause.Object("globals"), new() { Global = globals });

    // Of each map of variables, the one entry is an array of sections, each an array of variables.
    private static Dictionary<string, JsonElement> Dump(EbpfProbe probe) => probe.Maps.Values
        .SelectMany(map => JsonDocument.Parse(CommandRun.Run("bpftool", ["-j", "map", "dump", "id", $"{map.Id}"]).Output).RootElement.EnumerateArray())
        .SelectMany(entry => entry.GetProperty("formatted").GetProperty("value").EnumerateObject())
        .SelectMany(section => section.Value.EnumerateArray())
        .SelectMany(variable => variable.EnumerateObject())
        .ToDictionary(variable => variable.Name, variable => variable.Value);
}
