using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Ebee.Tests.Support;

/// <summary>A running cause: started, waiting for <see cref="Go"/>, and then the witness of what it did.</summary>
internal sealed class Cause : IDisposable
{
    private static readonly TimeSpan Limit = Guest.Limit(TimeSpan.FromMinutes(2));
    private readonly Process _process;

    /// <summary>Starts the cause with these steps after "ready".</summary>
    public Cause(params string[] steps) : this(CauseProgram.Path, ["ready", .. steps])
    {
    }

    private Cause(string program, List<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        _process = Process.Start(start)!;
        string? first = _process.StandardOutput.ReadLine();
        if (first is null)
        {
            throw new InvalidOperationException(_process.StandardError.ReadToEnd());
        }
        Assert.Equal(_process.Id, int.Parse(first, CultureInfo.InvariantCulture));
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a cause from a copy of the program.</summary>
    public static Cause From(string program, params string[] steps) => new(program, ["ready", .. steps]);

    /// <summary>Starts the one that deletes at random, in a folder.</summary>
    public static Cause Deleting(string folder, ulong seed, int deeds) =>
        new(CauseProgram.Deletions, [folder, seed.ToString(CultureInfo.InvariantCulture), deeds.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Bytes as a step takes them.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new();
        foreach (byte b in bytes)
        {
            _ = b is > 32 and < 127 and not (byte)'%' ? text.Append((char)b) : text.Append(CultureInfo.InvariantCulture, $"%{b:x2}");
        }
        return text.ToString();
    }

    /// <summary>Text as a step takes it.</summary>
    public static string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    /// <summary>Lets it go on to the next "await".</summary>
    public void Continue()
    {
        _process.StandardInput.Write('\n');
        _process.StandardInput.Flush();
    }

    /// <summary>One line that it printed.</summary>
    public string ReadLine() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException(_process.StandardError.ReadToEnd());

    /// <summary>Lets it do its steps to the end. What it printed.</summary>
    public string Go()
    {
        Task<string> output = _process.StandardOutput.ReadToEndAsync();
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        try
        {
            Continue();
        }
        catch (IOException)
        {
            // it ended already, which its exit code tells
        }
        Assert.True(_process.WaitForExit(Limit), "The cause did not end in time.");
        Assert.True(_process.ExitCode == 0, $"The cause ended with {_process.ExitCode}: {errors.Result}");
        return output.Result;
    }

    /// <summary>As <see cref="Go"/>, with the lines that are a name and a value, by name.</summary>
    public Dictionary<string, string> GoAndReport() => Report(Go());

    /// <summary>The lines of a text that are a name and a value; of a name that comes twice, the last.</summary>
    public static Dictionary<string, string> Report(string text)
    {
        Dictionary<string, string> report = [];
        foreach (string[] pair in text.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2))
        {
            report[pair[0]] = pair[1];
        }
        return report;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
        _process.Dispose();
    }
}
