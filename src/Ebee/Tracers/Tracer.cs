using System.Text.Json.Serialization.Metadata;
using Ebee.Bindings;
using Ebee.Events;
using Ebee.Host;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs;

namespace Ebee.Tracers;

/// <summary>A ready-made tracer, whatever its events are: what a front end needs to offer it.</summary>
public abstract class Tracer
{
    private protected Tracer()
    {
    }

    /// <summary>All tracers of this assembly.</summary>
    public static IEnumerable<Tracer> All => typeof(Tracer).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(Tracer)) && !type.IsAbstract)
        .Select(type => (Tracer)Activator.CreateInstance(type)!)
        .OrderBy(tracer => tracer.Tool, StringComparer.Ordinal);

    /// <summary>Its name as a command, such as <c>execsnoop</c>.</summary>
    public abstract string Tool { get; }

    /// <summary>What it shows, in one sentence.</summary>
    public abstract string Description { get; }

    /// <summary>The columns of its table.</summary>
    public abstract IReadOnlyList<TableColumn> Columns { get; }

    /// <summary>How its events become JSON, with the properties' names.</summary>
    public abstract JsonTypeInfo JsonType { get; }

    /// <summary>The object's name: <c>bpf/&lt;name&gt;.bpf.c</c>.</summary>
    internal abstract string ObjectName { get; }

    /// <summary>The steps, best first.</summary>
    internal abstract IReadOnlyList<HookStep> Ladder { get; }

    /// <summary>Loads and attaches the tracer.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="cancellation">Ends the start at once.</param>
    /// <exception cref="EbpfException">A name is unknown, a capability is missing, or the kernel lacks what is needed.</exception>
    public abstract IProbe StartProbe(TracerOptions options, CancellationToken cancellation = default);
}

/// <summary>A ready-made tracer: an object compiled from <c>bpf/</c>, its hook ladder, and the events it makes.</summary>
/// <typeparam name="TEvent">The event's class.</typeparam>
public abstract class Tracer<TEvent> : Tracer where TEvent : class
{
    private protected Tracer()
    {
    }

    /// <inheritdoc/>
    public sealed override IProbe StartProbe(TracerOptions options, CancellationToken cancellation = default) => Start(options, cancellation);

    /// <summary>Makes an event of a record in the ring, which it copies.</summary>
    private protected abstract TEvent Decode(ReadOnlySpan<byte> record, long bootUtcTicks);

    /// <summary>
    /// Loads and attaches the tracer: the first step of its ladder that this kernel offers. Needs Linux 5.8 with BTF,
    /// and CAP_BPF with CAP_PERFMON, or CAP_SYS_ADMIN.
    /// </summary>
    /// <param name="options">What is asked for; null for all events.</param>
    /// <param name="cancellation">Ends the start at once. Nothing of it is left then, or soon after.</param>
    /// <exception cref="EbpfException">A name is unknown, a capability is missing, or the kernel lacks what is needed.</exception>
    public Probe<TEvent> Start(TracerOptions? options = null, CancellationToken cancellation = default) =>
        LongCall.Run(() => Start(options ?? new TracerOptions(), null, cancellation), static probe => probe.Dispose(), cancellation);

    /// <summary>As <see cref="Start(TracerOptions?, CancellationToken)"/>, writing to and reading from a ring that exists, by its map id.</summary>
    internal Probe<TEvent> Start(TracerOptions options, uint? reusedRing, CancellationToken cancellation = default)
    {
        try
        {
            return Climb(options, reusedRing, cancellation);
        }
        catch (IOException e) when (KernelErrors.Exhausted($"{Tool} cannot start", e) is { } exhausted)
        {
            throw exhausted;
        }
    }

    /// <summary>Whether a step's failure means that this kernel does not offer it, or may mean it (EPERM).</summary>
    internal static bool LeadsToNextStep(EbpfError error) => error is EbpfError.LoadFailed or EbpfError.VerifierRejected
        or EbpfError.FunctionNotFound or EbpfError.AttachFailed or EbpfError.PermissionDenied;

    private Probe<TEvent> Climb(TracerOptions options, uint? reusedRing, CancellationToken cancellation)
    {
        uint ringSize = options.RingSize;
        KernelRequirements.Check();
        RequireDescriptors();
        TaskFilter filter = new(options);
        List<string> skipped = [];
        EbpfException? last = null;
        foreach (HookStep step in Ladder)
        {
            cancellation.ThrowIfCancellationRequested();
            if (options.Hook is not null && options.Hook != step.Name)
            {
                continue;
            }
            if (step.Missing() is { } reason)
            {
                last = new EbpfException(EbpfError.AttachFailed, reason, "The hook does not exist on this kernel.");
                skipped.Add($"{step.Name}: {reason}");
                continue;
            }
            try
            {
                LoadedObject loaded = Load(step, options, filter, ringSize, reusedRing, cancellation);
                try
                {
                    // Without filters a run that the kernel passes over is an event; with them it may be one of another process.
                    string[] events = step.RunsOnEventsOnly && filter.Filters == 0 ? step.Events : [];
                    skipped.RemoveAll(other => other.StartsWith($"{step.Name}: ", StringComparison.Ordinal)); // a variant of this one
                    RingBufferReader reader = new(KernelObjects.Duplicate(loaded.Map("events").Fd), ringSize);
                    return new Probe<TEvent>(loaded, reader, step.Name, skipped, events.Contains, Decode)
                    {
                        Shortcoming = options.Hook is null ? step.Lacks : null,
                    };
                }
                catch (Exception e)
                {
                    CleanUp.After(e, loaded.Dispose);
                    throw;
                }
            }
            catch (EbpfException e) when (LeadsToNextStep(e.Error))
            {
                RequireDescriptors(); // for want of them, what is there looks as if it were not
                last = e;
                skipped.Add($"{step.Name}: {e.Message}");
            }
        }
        if (last is null)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"There is no hook '{options.Hook}'.",
                $"Give one of: {string.Join(", ", Ladder.Select(s => s.Name))}.");
        }
        // The last step is the one that needs least: its refusal is the reason.
        throw last;
    }

    private void RequireDescriptors()
    {
        const int Needed = 48; // maps, programs, links, the kernel's types, and what libbpf and .NET open for a moment
        Descriptors.Require(Needed, $"{Tool} cannot start");
    }

    private protected static TableColumn Column(string header, int width, Func<TEvent, string?> value) =>
        new(header, width, e => value((TEvent)e));

    private LoadedObject Load(HookStep step, TracerOptions options, TaskFilter filter, uint ringSize, uint? reusedRing,
        CancellationToken cancellation)
    {
        string[] followers = [.. filter.Followers(step)];
        string[] programs = [.. step.Early, .. options.IncludeFailed ? step.Events.Union(step.Failed) : step.Events];
        using OpenedObject opened = ObjectBuilder.FromResource(ObjectName).Open(cancellation);
        foreach (string program in programs.Concat(followers))
        {
            opened.Enable(program);
        }
        opened.LeaveOutMissingMaps();
        opened.ResizeMap("events", ringSize);
        opened.ResizeMap("scratches", (uint)((int)ScratchPool.ScratchesShared + Processors.PossibleCount));
        filter.Size(opened);
        opened.SetConstant("settings", new Settings
        {
            Filters = filter.Filters,
            PidNamespace = Processes.PidNamespace(),
            // Two such records fit, so that one that waits to be read does not cost the next.
            RecordLimit = ringSize / 2 - 16,
            CgroupV1 = Cgroups.HasV1 ? 1u : 0,
            IncludeFailed = options.IncludeFailed ? 1u : 0,
        });
        if (reusedRing is uint id)
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle ring = BpfMap.OpenById(id);
            opened.ReuseMap("events", ring);
        }
        LoadedObject loaded = opened.Load();
        try
        {
            foreach (string program in followers)
            {
                loaded.Attach(program);
            }
            filter.Fill(loaded, cancellation);
            foreach (string program in programs)
            {
                cancellation.ThrowIfCancellationRequested();
                loaded.Attach(program);
            }
            return loaded;
        }
        catch (Exception e)
        {
            CleanUp.After(e, loaded.Dispose);
            throw;
        }
    }
}
