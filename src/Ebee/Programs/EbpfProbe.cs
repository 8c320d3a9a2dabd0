using Ebee.Btf;
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
    private int _stopped;

    internal EbpfProbe(string name, string? path, LoadedObject? loaded, BtfBlob? types, IReadOnlyList<ProbeProgram> programs,
        IReadOnlyDictionary<string, EbpfMap> maps, ProbePins? pins, IReadOnlyList<IDisposable> owned)
    {
        Name = name;
        Path = path;
        _loaded = loaded;
        Types = types;
        Programs = programs;
        Maps = maps;
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

    /// <summary>What it is attached to, all programs together.</summary>
    public string[] Hook => [.. Programs.SelectMany(program => program.Hook)];

    /// <summary>When it was started, or found by its pins.</summary>
    public DateTimeOffset StartTime { get; } = DateTimeOffset.Now;

    /// <summary>Whether it has not been stopped.</summary>
    public bool IsRunning => Volatile.Read(ref _stopped) == 0;

    /// <summary>The object in the kernel; null when the probe was found by its pins.</summary>
    internal LoadedObject? Loaded => _loaded;

    /// <summary>The object's types; null when it has none, or the probe was found by its pins.</summary>
    internal BtfBlob? Types { get; }

    /// <summary>Called when it has been stopped.</summary>
    internal event Action? Stopped;

    /// <summary>Loads an object file and attaches its programs as their sections and the options say. Linux 5.8.</summary>
    /// <exception cref="EbpfException">The file or an option is wrong, a capability is missing, or the kernel refuses.</exception>
    public static EbpfProbe Start(string path, ProbeOptions? options = null)
    {
        using ObjectBuilder builder = ObjectBuilder.FromFile(path);
        return ProbeStart.Run(builder, options ?? new ProbeOptions());
    }

    /// <summary>Finds a probe by the folder under bpffs that it was pinned to.</summary>
    /// <exception cref="EbpfException">There is none, or this process may not open it.</exception>
    public static EbpfProbe FromPins(string folder) => ProbePins.Open(folder);

    /// <summary>Detaches and frees all of it, what was pinned with it too. Maps pinned on their own stay.</summary>
    public void Stop()
    {
        _pins?.Remove();
        Dispose();
    }

    /// <summary>Ends this session's hold on it: all is detached and freed that is not pinned.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }
        Stopped?.Invoke();
        _loaded?.Dispose();
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }
    }

    /// <summary>Its name and id.</summary>
    public override string ToString() => $"{Name} ({Id})";
}
