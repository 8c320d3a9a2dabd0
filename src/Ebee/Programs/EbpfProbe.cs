using Ebee.Btf;
using Ebee.Events;
using Ebee.Host;
using Ebee.Maps;

namespace Ebee.Programs;

/// <summary>
/// An object's programs at work. Its events stay in the kernel's buffers until they are read. When it is stopped, or its
/// process ends, everything is detached and freed, but for what was pinned.
/// </summary>
/// <example><code>
/// using EbpfProbe probe = EbpfProbe.Start("execve.bpf.o", new ProbeOptions { Tracepoint = "syscalls:sys_enter_execve" });
/// </code></example>
public sealed class EbpfProbe : IDisposable
{
    private static int _lastId;
    private readonly LoadedObject? _loaded;
    private readonly IReadOnlyList<IDisposable> _owned;
    private readonly ProbePins? _pins;
    private int _stopped, _unpinned;

    internal EbpfProbe(string name, string? path, LoadedObject? loaded, BtfBlob? types, IReadOnlyList<ProbeProgram> programs,
        IReadOnlyDictionary<string, EbpfMap> maps, ProbeEvents events, ProbePins? pins, IReadOnlyList<IDisposable> owned)
    {
        Name = name;
        Path = path;
        _loaded = loaded;
        Types = types;
        Programs = programs;
        Maps = maps;
        Events = events;
        _pins = pins;
        _owned = owned;
    }

    /// <summary>Its number in this session.</summary>
    public int Id { get; } = Interlocked.Increment(ref _lastId);

    /// <summary>The object's name.</summary>
    public string Name { get; }

    /// <summary>The file that it was loaded from; null when it came from source text or from pins.</summary>
    public string? Path { get; }

    /// <summary>Where it is pinned; null when it ends with the session.</summary>
    public string? PinPath => _pins?.Folder;

    /// <summary>Its programs.</summary>
    public IReadOnlyList<ProbeProgram> Programs { get; }

    /// <summary>Its maps by name, those of its variables (.data, .bss, .rodata) too.</summary>
    public IReadOnlyDictionary<string, EbpfMap> Maps { get; }

    /// <summary>
    /// Programs of the object that are not attached though the options ask for them, each with the reason: a better one for the same hook
    /// is attached, or its hook is missing and was to be skipped.
    /// </summary>
    public string[] LeftOut { get; internal init; } = [];

    /// <summary>What the user is to be told of the start.</summary>
    internal string[] Warnings { get; init; } = [];

    /// <summary>What it is attached to, all programs together.</summary>
    public string[] Hook => [.. Programs.SelectMany(program => program.Hook)];

    /// <summary>When it was started, or found by its pins.</summary>
    public DateTimeOffset StartTime { get; } = DateTimeOffset.Now;

    /// <summary>Whether it has not been stopped.</summary>
    public bool IsRunning => Volatile.Read(ref _stopped) == 0;

    /// <summary>Events that were read of it, in this session.</summary>
    public long EventsRead => Events.Read;

    /// <summary>
    /// Events that found no room in its perf event arrays, since it was started. Null when it has a ring buffer: of a full one
    /// the kernel tells the program alone, which may count it.
    /// </summary>
    public long? EventsLost => Events.Lost;

    /// <summary>Bytes of events, with their heads, that wait to be read.</summary>
    public long PendingBytes => Events.PendingBytes;

    /// <summary>Its buffers of events.</summary>
    internal ProbeEvents Events { get; }

    /// <summary>The object in the kernel; null when the probe was found by its pins.</summary>
    internal LoadedObject? Loaded => _loaded;

    /// <summary>The object's types; null when it has none, or the probe was found by its pins.</summary>
    internal BtfBlob? Types { get; }

    /// <summary>Called when it has been stopped.</summary>
    internal event Action? Stopped;

    /// <summary>Loads an object file and attaches its programs as their sections and the options say. Linux 5.8.</summary>
    /// <param name="path">The object file.</param>
    /// <param name="options">How its programs are started; null for all of them, as their sections say.</param>
    /// <param name="cancellation">Ends the start at once.</param>
    /// <exception cref="EbpfException">
    /// The file or an option is wrong, others could have written the file, a capability is missing, or the kernel refuses.
    /// </exception>
    public static EbpfProbe Start(string path, ProbeOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new ProbeOptions();
        return ProbeStart.Run(ObjectBuilder.FromFile(path, new FileUse(options.AllowUntrusted)), options, cancellation);
    }

    /// <summary>Finds a probe by the folder under bpffs that it was pinned to.</summary>
    /// <exception cref="EbpfException">There is none, or this process may not open it.</exception>
    public static EbpfProbe FromPins(string folder) => ProbePins.Open(folder);

    /// <summary>
    /// Reads its events as they come, until one of the limits, until cancelled, or until it is stopped; it stays attached. Of a probe
    /// with iterators these are run once. Structs become objects of classes made at run time (<see cref="EbpfStruct"/>),
    /// records of no known size byte arrays, an iterator's text strings.
    /// </summary>
    /// <param name="options">What of them, and as what; null for all, with their types found.</param>
    /// <param name="maxEvents">The stream ends after so many; null does not end it.</param>
    /// <param name="duration">The stream ends after so long; null does not end it.</param>
    /// <param name="cancellation">Ends the stream at once.</param>
    /// <exception cref="EbpfException">There is nothing to read, somebody reads it, or the type is not known.</exception>
    public IEnumerable<object> ReadEvents(EventOptions? options = null, long? maxEvents = null, TimeSpan? duration = null,
        CancellationToken cancellation = default)
    {
        using IEventSource<object> source = EventReading.Open([(Events, options?.MapName ?? [])], options ?? new EventOptions());
        foreach (object read in EventStream.Read(source, maxEvents, duration, cancellation))
        {
            yield return read;
        }
    }

    /// <summary>Detaches and frees all of it, what was pinned with it too. Maps pinned on their own stay.</summary>
    /// <exception cref="EbpfException">Something is left, which it names; all else is done.</exception>
    public void Stop() => End(isForGood: true);

    /// <summary>Ends this session's hold on it: all is detached and freed that is not pinned.</summary>
    public void Dispose() => End(isForGood: false);

    // Each step is done, whatever the others do.
    private void End(bool isForGood)
    {
        List<Action> steps = [];
        bool isFirst = Interlocked.Exchange(ref _stopped, 1) == 0;
        if (isFirst)
        {
            steps.AddRange([() => Stopped?.Invoke(), () => _loaded?.Dispose(), .. _owned.Select<IDisposable, Action>(owned => owned.Dispose)]);
        }
        if (isForGood && Interlocked.Exchange(ref _unpinned, 1) == 0)
        {
            steps.Add(() => _pins?.Remove());
        }
        if (isFirst)
        {
            steps.Add(Events.Dispose); // last: who reads it takes what the programs have written until they were detached
        }
        CleanUp.Run(steps);
    }

    /// <summary>Its name and id.</summary>
    public override string ToString() => $"{Name} ({Id})";
}
