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
    /// <exception cref="EbpfException">A name is unknown, a capability is missing, or the kernel lacks what is needed.</exception>
    public abstract IProbe StartProbe(TracerOptions options);
}

/// <summary>A ready-made tracer: an object compiled from <c>bpf/</c>, its hook ladder, and the events it makes.</summary>
/// <typeparam name="TEvent">The event's class.</typeparam>
public abstract class Tracer<TEvent> : Tracer where TEvent : class
{
    private protected Tracer()
    {
    }

    /// <inheritdoc/>
    public sealed override IProbe StartProbe(TracerOptions options) => Start(options);

    /// <summary>Makes an event of a record in the ring, which it copies.</summary>
    private protected abstract TEvent Decode(ReadOnlySpan<byte> record, long bootUtcTicks);

    /// <summary>
    /// Loads and attaches the tracer: the first step of its ladder that this kernel offers. Needs Linux 5.8 with BTF,
    /// and CAP_BPF with CAP_PERFMON, or CAP_SYS_ADMIN.
    /// </summary>
    /// <param name="options">What is asked for; null for all events.</param>
    /// <exception cref="EbpfException">A name is unknown, a capability is missing, or the kernel lacks what is needed.</exception>
    public Probe<TEvent> Start(TracerOptions? options = null) => Start(options ?? new TracerOptions(), reusedRing: null);

    /// <summary>As <see cref="Start(TracerOptions?)"/>, writing to and reading from a ring that exists, by its map id.</summary>
    internal Probe<TEvent> Start(TracerOptions options, uint? reusedRing)
    {
        uint ringSize = options.RingSize;
        KernelRequirements.Check();
        TaskFilter filter = new(options);
        List<string> skipped = [];
        EbpfException? last = null;
        foreach (HookStep step in Ladder)
        {
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
                LoadedObject loaded = Load(step, options, filter, ringSize, reusedRing);
                try
                {
                    return new Probe<TEvent>(loaded, new RingBufferReader(loaded.Map("events").Fd, ringSize), step.Name, skipped, Decode);
                }
                catch
                {
                    loaded.Dispose();
                    throw;
                }
            }
            catch (EbpfException e) when (LeadsToNextStep(e.Error))
            {
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

    /// <summary>Whether a step's failure means that this kernel does not offer it, or may mean it (EPERM).</summary>
    internal static bool LeadsToNextStep(EbpfError error) => error is EbpfError.LoadFailed or EbpfError.VerifierRejected
        or EbpfError.FunctionNotFound or EbpfError.AttachFailed or EbpfError.PermissionDenied;

    private protected static TableColumn Column(string header, int width, Func<TEvent, string?> value) =>
        new(header, width, e => value((TEvent)e));

    private LoadedObject Load(HookStep step, TracerOptions options, TaskFilter filter, uint ringSize, uint? reusedRing)
    {
        string[] followers = [.. filter.Followers(step)];
        string[] programs = [.. step.Early, .. options.IncludeFailed ? step.Events.Union(step.Failed) : step.Events];
        using OpenedObject opened = ObjectBuilder.FromResource(ObjectName).Open();
        foreach (string program in programs.Concat(followers))
        {
            opened.Enable(program);
        }
        foreach (string map in step.Omitted)
        {
            opened.OmitMap(map);
        }
        opened.ResizeMap("events", ringSize);
        opened.ResizeMap("scratches", (uint)((int)ScratchPool.ScratchesShared + LibBpf.libbpf_num_possible_cpus()));
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
            opened.ReuseMap("events", (int)ring.DangerousGetHandle());
        }
        LoadedObject loaded = opened.Load();
        try
        {
            foreach (string program in followers)
            {
                loaded.Attach(program);
            }
            filter.Fill(loaded);
            foreach (string program in programs)
            {
                loaded.Attach(program);
            }
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }
}
