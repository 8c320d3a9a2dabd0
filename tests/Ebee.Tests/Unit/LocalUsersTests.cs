using System.Text;
using Ebee.Host;

namespace Ebee.Tests.Unit;

public sealed class LocalUsersTests
{
    [Fact]
    public void Names_and_ids_are_those_of_the_first_line_that_has_them()
    {
        LocalUsers users = Parse("""
            root:x:0:0:root:/root:/bin/bash
            toor:x:0:0::/root:/bin/sh
            çelik:x:1000:1000:a:b:c
            root:x:7:0::/:
            """);
        Assert.Equal(new() { [0] = "root", [1000] = "çelik", [7] = "root" }, users.Names);
        Assert.Equal(new() { ["root"] = 0, ["toor"] = 0, ["çelik"] = 1000 }, users.Ids);
    }

    [Theory]
    [InlineData("+:::::")]
    [InlineData("-nobody:x:5:5::/:")]
    [InlineData("+@staff:x:5:5::/:")]
    [InlineData("#old:x:5:5::/:")]
    [InlineData(":x:5:5::/:")]
    [InlineData("name")]
    [InlineData("name:x")]
    [InlineData("name:x:")]
    [InlineData("name:x:5")]
    [InlineData("name:x:five:5::/:")]
    [InlineData("name:x:-5:5::/:")]
    [InlineData("name:x:5x:5::/:")]
    [InlineData("name:x:4294967296:5::/:")]
    [InlineData("")]
    public void Other_lines_are_nobodys(string line)
    {
        LocalUsers users = Parse(line + "\nlast:x:9:9::/:");
        Assert.Equal(new() { [9] = "last" }, users.Names);
    }

    private static LocalUsers Parse(string content) => LocalUsers.Parse(Encoding.UTF8.GetBytes(content));
}
