namespace Ebee.Tests.Support;

/// <summary>Copies of the command in folders that every user can reach.</summary>
internal static class CommandCopy
{
    /// <summary>A new one, with the libraries that are bundled. Its folder.</summary>
    public static string New()
    {
        string folder = TestFolder.New("command");
        CommandRun run = CommandRun.Run("cp", ["-rL", Path.GetDirectoryName(Repository.Command) + "/.", folder]);
        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Equal(0, CommandRun.Run("chmod", ["-R", "u=rwX,go=rX", folder]).ExitCode);
        return folder;
    }
}
