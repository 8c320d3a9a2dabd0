using System.Diagnostics;

namespace Ebee.Bench;

/// <summary>A process of the bench's own; disposing ends it, however the bench itself ends a measure.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _errors = [];

    public Child(string file, params string[] arguments)
    {
        Started = Stopwatch.GetTimestamp();
        _process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.Add(line.Data ?? "");
            }
        };
        _process.BeginErrorReadLine();
    }

    /// <summary>When it was started, by the stopwatch.</summary>
    public long Started { get; }

    public int Id => _process.Id;

    public string ReadLine() => _process.StandardOutput.ReadLine() ?? throw Failure("ended too early");

    public void WriteLine()
    {
        _process.StandardInput.Write('\n');
        _process.StandardInput.Flush();
    }

    public void WaitForEnd()
    {
        while (_process.StandardOutput.ReadLine() is not null)
        {
        }
        _process.WaitForExit();
        if (_process.ExitCode != 0)
        {
            throw Failure($"ended with {_process.ExitCode}");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }

    private InvalidOperationException Failure(string what)
    {
        _process.WaitForExit(); // for the rest of its errors
        lock (_errors)
        {
            return new InvalidOperationException($"{_process.StartInfo.FileName} {what}: {string.Join('\n', _errors)}");
        }
    }
}
