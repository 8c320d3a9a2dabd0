using System.Diagnostics;

namespace Ebee.Tests.Support;

/// <summary>What a command printed and how it ended.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Errors)
{
    /// <summary>Runs a command to its end, at most half a minute.</summary>
    public static CommandRun Run(string file, IEnumerable<string> arguments)
    {
        using Process process = Start(file, arguments);
        return End(process);
    }

    /// <summary>Whether there is a command of that name.</summary>
    public static bool Exists(string name) => Run("sh", ["-c", $"command -v {name}"]).ExitCode == 0;

    /// <summary>Starts a command with its input and output redirected.</summary>
    public static Process Start(string file, IEnumerable<string> arguments) => Process.Start(new ProcessStartInfo(file, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    /// <summary>Waits for the end, at most half a minute.</summary>
    public static CommandRun End(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(30_000))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            Assert.Fail($"It did not end in time. It said: {output.Result}{errors.Result}");
        }
        return new CommandRun(process.ExitCode, output.Result, errors.Result);
    }
}
