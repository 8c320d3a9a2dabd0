using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Ebee.Events;
using Ebee.Host;
using Ebee.Tracers;

namespace Ebee.Cli;

/// <summary>One tracer as a command: its options, its stream, its exit code.</summary>
internal sealed class TracerCommand : Command
{
    private readonly Tracer _tracer;
    private readonly Option<string[]> _pid = Many("--pid", "Only these processes, by id.");
    private readonly Option<string[]> _excludePid = Many("--exclude-pid", "Not these processes, nor their descendants.");
    private readonly Option<bool> _children = new("--children") { Description = "With --pid: their descendants too, also those born later." };
    private readonly Option<string[]> _name = Many("--comm", "Only processes of these names (exact, the kernel's 15 bytes).");
    private readonly Option<string[]> _user = Many("--user", "Only these effective users, by name or id.");
    private readonly Option<string[]> _cgroup = Many("--cgroup", "Only processes in these cgroups or below them.");
    private readonly Option<string[]> _container = Many("--container", "Only these running containers, by the start of their ids.");
    private readonly Option<bool> _includeFailed = new("--include-failed") { Description = "Failed calls too. Every system call of the machine then passes a hook." };
    private readonly Option<string> _count = new("--count", "-n") { Description = "End after so many events." };
    private readonly Option<string> _duration = new("--duration", "-d") { Description = "End after so long: 10s, 5m, 00:05:00, or seconds." };
    private readonly Option<string> _bufferSize = new("--buffer-size") { Description = "Bytes of the ring buffer, such as 64K or 16M (default 8M)." };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object a line, in place of a table." };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Say which hook is in use and how the stream ended." };

    public TracerCommand(Tracer tracer) : base(tracer.Tool, tracer.Description)
    {
        _tracer = tracer;
        foreach (Option option in new Option[]
        {
            _pid, _excludePid, _children, _name, _user, _cgroup, _container, _includeFailed, _count, _duration, _bufferSize, _json, _verbose,
        })
        {
            Add(option);
        }
        SetAction(Run);
    }

    private int Run(ParseResult arguments)
    {
        try
        {
            return Stream(arguments);
        }
        catch (EbpfException e)
        {
            Console.Error.WriteLine($"ebee: {TerminalText.Escape(e.Message)} ({e.ErrorId})");
            Console.Error.WriteLine($"ebee: {TerminalText.Escape(e.RecommendedAction)}");
            if (arguments.GetValue(_verbose) && e.Details.Length > 0)
            {
                Console.Error.WriteLine(e.Details);
            }
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 0; // told to stop while it started, or while nobody took the output
        }
        catch (EndOfOutputException e) when (e.IsPipe)
        {
            return 0; // the reader of a pipe, such as head, has had enough
        }
        catch (EndOfOutputException e)
        {
            Console.Error.WriteLine($"ebee: the output cannot be written: {e.Message}");
            return 1;
        }
    }

    private int Stream(ParseResult arguments)
    {
        long? count = arguments.GetValue(_count) is { } number
            ? ParseNumber(number, long.MaxValue, "no count of events", "Give 1 or more.")
            : null;
        TimeSpan? duration = arguments.GetValue(_duration) is { } text ? Duration.Parse(text) : null;
        TracerOptions options = new()
        {
            ProcessId = ProcessIds(arguments.GetValue(_pid)!),
            ExcludeProcessId = ProcessIds(arguments.GetValue(_excludePid)!),
            IncludeChildren = arguments.GetValue(_children),
            Name = arguments.GetValue(_name)!,
            UserName = arguments.GetValue(_user)!,
            CgroupPath = arguments.GetValue(_cgroup)!,
            ContainerId = arguments.GetValue(_container)!,
            IncludeFailed = arguments.GetValue(_includeFailed),
            BufferSize = arguments.GetValue(_bufferSize) is { } size ? ParseSize(size) : TracerOptions.DefaultBufferSize,
        };
        bool verbose = arguments.GetValue(_verbose);
        CancellationTokenSource stop = new(); // never disposed: signals and the watch on the output come when they want
        using PosixSignalRegistration interrupt = OnSignal(PosixSignal.SIGINT, stop);
        using PosixSignalRegistration terminate = OnSignal(PosixSignal.SIGTERM, stop);
        using PosixSignalRegistration hangUp = OnSignal(PosixSignal.SIGHUP, stop);
        if (FileTrust.FindFirst([Environment.ProcessPath!, .. FileTrust.CodeIn(AppContext.BaseDirectory)]) is var (file, doubt))
        {
            Console.Error.WriteLine(TerminalText.Escape($"ebee: {doubt.Text}, and {file} is part of ebee, which runs with your rights. As root: {doubt.Remedy}."));
        }
        using IProbe probe = _tracer.StartProbe(options, stop.Token);
        long deadline = duration is { } time ? Environment.TickCount64 + (long)time.TotalMilliseconds : long.MaxValue;
        bool IsOver()
        {
            if (Environment.TickCount64 >= deadline)
            {
                probe.Detach(); // what was caught is still written, whenever somebody takes it
            }
            return stop.IsCancellationRequested;
        }
        using EventOutput output = arguments.GetValue(_json)
            ? new JsonOutput(_tracer.JsonType) { IsOver = IsOver }
            : new TableOutput(_tracer.Columns) { IsOver = IsOver };
        LossReport loss = new(text => Console.Error.WriteLine($"ebee: {text}"), "Filter more, or give --buffer-size 64M.");
        probe.OnLost = loss.Report;
        if (probe.Shortcoming is { } shortcoming)
        {
            Console.Error.WriteLine($"ebee: the hook {probe.Hook} is used, as this kernel offers no better one here. {shortcoming} --verbose says why.");
        }
        if (verbose)
        {
            foreach (string skipped in probe.SkippedHooks)
            {
                Console.Error.WriteLine($"ebee: not used: {TerminalText.Escape(skipped)}");
            }
            Console.Error.WriteLine($"ebee: attached: {probe.Hook}");
        }
        try
        {
            EventOutput.WatchReader(stop.Cancel);
            output.Begin();
            foreach (object e in probe.Read(count, duration, stop.Token))
            {
                output.Write(e);
            }
        }
        finally
        {
            probe.Dispose();
            loss.Finish(probe);
            if (verbose)
            {
                Console.Error.WriteLine($"ebee: seen {probe.Seen}, lost {probe.Lost}, discarded {probe.Discarded}");
            }
        }
        return 0;
    }

    private static PosixSignalRegistration OnSignal(PosixSignal signal, CancellationTokenSource stop) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });

    private static long ParseSize(string text)
    {
        string number = text.EndsWith('B') || text.EndsWith('b') ? text[..^1] : text;
        int shift = char.ToUpperInvariant(number.LastOrDefault()) switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        number = shift > 0 ? number[..^1] : number;
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value <= long.MaxValue >> shift
            ? value << shift
            : throw new EbpfException(EbpfError.InvalidArgument, $"'{text}' is no size.", "Give bytes, or 64K, 8M, 1G.");
    }

    private static Option<string[]> Many(string name, string description) => new(name)
    {
        Description = description,
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private static int[] ProcessIds(string[] texts) =>
        Array.ConvertAll(texts, text => (int)ParseNumber(text, int.MaxValue, "no process id", "Give a number that ps -e lists."));

    private static long ParseNumber(string text, long maximum, string complaint, string action) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= 1 && value <= maximum
            ? value
            : throw new EbpfException(EbpfError.InvalidArgument, $"'{text}' is {complaint}.", action);
}
