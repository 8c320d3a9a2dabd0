using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Ebee.Tests.Support;

/// <summary>The command at work: attached when the constructor returns.</summary>
internal sealed partial class EbeeProcess : IDisposable
{
    private static readonly TimeSpan Limit = Guest.Limit(TimeSpan.FromSeconds(20));
    private readonly Process _process;
    private readonly BlockingCollection<string> _lines = [];
    private readonly List<string> _errors = [];
    private readonly Task _output, _error;

    /// <summary>Starts it with --verbose, which is how it tells that it has attached.</summary>
    public EbeeProcess(params string[] arguments) : this(Repository.Command, arguments)
    {
    }

    /// <summary>Starts it through another program, such as unshare.</summary>
    public EbeeProcess(string program, string[] arguments, bool readOutput = true)
    {
        _process = CommandRun.Start(program, [.. arguments, "--verbose"]);
        using ManualResetEventSlim attached = new();
        _error = Task.Run(() =>
        {
            for (string? line; (line = _process.StandardError.ReadLine()) is not null;)
            {
                lock (_errors)
                {
                    _errors.Add(line);
                }
                if (line.StartsWith("ebee: attached", StringComparison.Ordinal))
                {
                    attached.Set();
                }
            }
            attached.Set();
        });
        _output = !readOutput ? Task.CompletedTask : Task.Run(() =>
        {
            for (string? line; (line = _process.StandardOutput.ReadLine()) is not null;)
            {
                _lines.Add(line);
            }
            _lines.CompleteAdding();
        });
        Assert.True(attached.Wait(Limit), "It did not attach in time.");
        Assert.Contains("attached", Errors, StringComparison.Ordinal);
        attached.Reset();
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Where it writes to, when its output is not read here.</summary>
    public StreamReader Output => _process.StandardOutput;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>All that it said on standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return string.Join('\n', _errors);
            }
        }
    }

    /// <summary>The next line of its output; fails when none comes in time.</summary>
    public string ReadLine(TimeSpan? limit = null)
    {
        Assert.True(_lines.TryTake(out string? line, limit ?? Limit), "No line came in time.");
        return line!;
    }

    /// <summary>Sends a signal.</summary>
    public void Signal(string name) => Assert.Equal(0, CommandRun.Run("kill", [$"-{name}", $"{Id}"]).ExitCode);

    /// <summary>Waits for its end. Its exit code.</summary>
    public int WaitForExit()
    {
        Assert.True(_process.WaitForExit(Limit), "It did not end in time.");
        Assert.True(Task.WaitAll([_output, _error], Limit), "Its output did not end with it.");
        return _process.ExitCode;
    }

    /// <summary>Waits for its end. The lines of its output that were not read.</summary>
    public string[] ReadToEnd()
    {
        Assert.Equal(0, WaitForExit());
        return [.. _lines.GetConsumingEnumerable()];
    }

    /// <summary>What it says at its end: seen, lost, discarded.</summary>
    public (long Seen, long Lost, long Discarded) Account
    {
        get
        {
            Match match = AccountLine().Match(Errors);
            Assert.True(match.Success, Errors);
            long Number(int group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
            return (Number(1), Number(2), Number(3));
        }
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
        _lines.Dispose();
    }

    [GeneratedRegex("^ebee: seen ([0-9]+), lost ([0-9]+), discarded ([0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex AccountLine();
}
