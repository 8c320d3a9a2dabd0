using System.Numerics;
using Ebee.Btf;
using Ebee.Events;
using Ebee.Host;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs.Attaching;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>How a probe comes to be: choose, resolve, set, load, attach, pin. Whatever fails, nothing of it is left.</summary>
internal static class ProbeStart
{
    /// <summary>Runs all steps.</summary>
    /// <param name="builder">The object. This disposes of it, which may be after the end of the call if that was cancelled.</param>
    /// <param name="options">How its programs are started.</param>
    /// <param name="cancellation">Ends the start at once. Nothing of it is left then, or soon after.</param>
    public static EbpfProbe Run(ObjectBuilder builder, ProbeOptions options, CancellationToken cancellation = default) => LongCall.Run(() =>
    {
        using (builder)
        {
            return Climb(builder, options, isVerifyOnly: false, (opened, prepared) => Start(builder, opened, prepared, options, cancellation), cancellation);
        }
    }, static probe => probe.Stop(), cancellation);

    /// <summary>Has the verifier look at the programs, and attaches none. What they are attached to need not be told where it does not matter.</summary>
    /// <inheritdoc cref="Run"/>
    public static List<VerifierStatistics> Verify(ObjectBuilder builder, ProbeOptions options, CancellationToken cancellation = default) => LongCall.Run(() =>
    {
        using (builder)
        {
            return Climb(builder, options, isVerifyOnly: true, static (opened, prepared) => Explain(prepared.Chosen, opened.Verify), cancellation);
        }
    }, static _ => { }, cancellation);

    /// <summary>Sees that the least that any object needs can be opened: for want of it, what is there looks as if it were not.</summary>
    /// <exception cref="EbpfException">It cannot.</exception>
    public static void RequireDescriptors(string name) => Descriptors.Require(48, $"{name} cannot be loaded");

    // Once more for each step of the ladders that the kernel does not take.
    private static T Climb<T>(ObjectBuilder builder, ProbeOptions options, bool isVerifyOnly, Func<OpenedObject, Prepared, T> work, CancellationToken cancellation)
    {
        ProbePlan plan = new(options, isVerifyOnly);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            RequireDescriptors(builder.Name); // for want of them, what is there looks as if it were not
            using OpenedObject opened = builder.Open(cancellation);
            Prepared prepared = Prepare(opened, options, plan, isVerifyOnly);
            try
            {
                return work(opened, prepared);
            }
            catch (EbpfException e) when (plan.StepsDown(e))
            {
                // the next step is tried
            }
        }
    }

    private static EbpfProbe Start(ObjectBuilder builder, OpenedObject opened, Prepared prepared, ProbeOptions options, CancellationToken cancellation)
    {
        (ProbePlan plan, SharedMaps shared, List<(ObjectProgram Program, Hook[] Hooks)> chosen) = prepared;
        ILookup<string, TailCall> calls = plan.Calls.ToLookup(call => call.Program, StringComparer.Ordinal);
        LoadedObject loaded = Explain(chosen, opened.Load);
        List<IDisposable> owned = [];
        List<Action> unpin = [];
        ProbePins? pins = null;
        ProbeEvents? events = null;
        try
        {
            Dictionary<ObjectProgram, IReadOnlyList<EventOutput>> outputs = chosen.ToDictionary(c => c.Program, c => OutputScan.Of(c.Program));
            EventBuffer[] buffers = [.. loaded.Maps.Where(map => map.Fd >= 0 && EventBuffer.IsEventMap(map.Type)).Select(map => Buffer(map, loaded, outputs, options))];
            List<IteratorProgram> iterators = [];
            byte[] content = builder.Content;
            events = new ProbeEvents(builder.Name, buffers, () => [.. new[] { opened.Types, DebugTypes.Of(content) }.OfType<BtfBlob>()]) { Iterators = iterators };
            events.OpenPerfBuffers(except: options.ReuseMap.Keys);
            pins = options.PinPath is { } folder ? ProbePins.Create(folder) : null;
            List<ProbeProgram> programs = [];
            Attachment Attach(ObjectProgram program, Hook hook)
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    return loaded.Attach(program, hook);
                }
                catch (EbpfException e)
                {
                    throw plan.Explain(program, e, chosen.Count > 1);
                }
            }
            using HostInventory inventory = new(withHolders: false);
            foreach ((ObjectProgram program, Hook[] hooks) in chosen.Where(c => !StructOps.IsProgram(c.Program)))
            {
                Attachment[] attachments = [.. hooks.Select(hook => Attach(program, hook))];
                programs.Add(Describe(inventory, program, hooks.Select(hook => $"{hook.Kind} {hook.Target}").Concat(calls[program.Name].Select(call => $"{call}")), attachments, owned));
                foreach (Attachment iterator in hooks.Zip(attachments).Where(pair => pair.First.Kind == IteratorKind.Name).Select(pair => pair.Second))
                {
                    SafeFileHandle link = KernelObjects.Duplicate(iterator.Fd);
                    owned.Add(link);
                    iterators.Add(new IteratorProgram(program.Name, link, outputs[program]));
                }
                pins?.Pin(program, attachments);
            }
            List<(string Map, Attachment Attachment)> registered = loaded.RegisterStructOps();
            programs.AddRange(chosen.Where(c => StructOps.IsProgram(c.Program))
                .Select(c => Describe(inventory, c.Program, registered.Select(r => $"{StructOps.Kind} {r.Map}"), [], owned)));
            foreach ((ObjectProgram program, _) in chosen.Where(c => StructOps.IsProgram(c.Program)))
            {
                pins?.Pin(program, []);
            }
            foreach ((string map, Attachment attachment) in registered)
            {
                programs.Add(new ProbeProgram
                {
                    Name = map,
                    Type = StructOps.Kind,
                    Section = $".{StructOps.Kind}",
                    Hook = [$"{StructOps.Kind} {map}"],
                    LinkId = attachment.LinkId is { } id ? [id] : [],
                    Link = attachment.LinkId is null ? [] : [attachment],
                });
                pins?.Pin(map, attachment);
            }
            Dictionary<string, EbpfMap> maps = new(StringComparer.Ordinal);
            foreach (BpfMap map in loaded.Maps.Where(map => map.Fd >= 0))
            {
                SafeFileHandle handle = KernelObjects.Duplicate(map.Fd);
                owned.Add(handle);
                maps[map.Name[Math.Max(map.Name.IndexOf('.', StringComparison.Ordinal), 0)..]] = inventory.Map(handle, opened.Types);
                pins?.Pin(map);
            }
            cancellation.ThrowIfCancellationRequested(); // what is pinned below stays
            foreach ((string map, string path) in options.MapPin)
            {
                unpin.Add(ProbePins.PinMap(loaded.Map(map).Fd, path));
            }
            foreach (Action undo in shared.Pin(loaded))
            {
                unpin.Add(undo);
            }
            return new EbpfProbe(builder.Name, builder.Path, loaded, opened.Types, programs, maps, events, pins, owned)
            {
                LeftOut = [.. plan.LeftOut],
                Warnings = [.. plan.Warnings, .. shared.Warnings],
            };
        }
        catch (Exception e)
        {
            // What is pinned is attached until it is unpinned.
            CleanUp.After(e, [loaded.Dispose, .. owned.Select<IDisposable, Action>(o => o.Dispose), () => pins?.Remove(), .. unpin, () => events?.Dispose()]);
            throw;
        }
    }

    // All that is done before the load, by which every mistake in the options shows.
    private static Prepared Prepare(OpenedObject opened, ProbeOptions options, ProbePlan plan, bool isVerifyOnly)
    {
        opened.PrepareMaps();
        List<(ObjectProgram, Hook[])> chosen = plan.Choose(opened);
        SharedMaps shared = new();
        foreach ((string name, object? value) in options.Global)
        {
            opened.SetGlobal(name, value);
        }
        foreach ((string map, uint entries) in options.MapSize)
        {
            if (!opened.IsPerfEventArray(map))
            {
                opened.ResizeMap(map, entries);
            }
            else if (entries < Environment.SystemPageSize || !BitOperations.IsPow2(entries))
            {
                throw new EbpfException(EbpfError.InvalidArgument, $"The map {map} cannot have buffers of {entries} bytes.",
                    $"Give bytes for each CPU, {Environment.SystemPageSize} times a power of two: -MapSize @{{ {map} = 1MB }}.");
            }
        }
        foreach ((string map, EbpfMap existing) in options.ReuseMap)
        {
            opened.TakeStackSize(map, existing);
            CheckAlike(opened.Map(map), existing);
            using SafeFileHandle own = existing.Open();
            opened.ReuseMap(map, own);
        }
        foreach (string map in options.MapPin.Keys)
        {
            _ = opened.Map(map);
        }
        if (!isVerifyOnly)
        {
            shared.Prepare(opened, options);
        }
        return new Prepared(plan, shared, chosen);
    }

    // What libbpf and the kernel say with a number alone, and of which program.
    private static T Explain<T>(List<(ObjectProgram Program, Hook[] Hooks)> chosen, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (EbpfException e) when (e.Details.Contains("failed to find kernel BTF type ID", StringComparison.Ordinal))
        {
            (ObjectProgram program, Hook[] hooks) = chosen.Find(c => c.Program.Name == LoadErrors.ProgramOf(e.Details));
            EbpfException? unknown = program.Handle == 0 ? null : hooks.Select(hook => UnknownTarget.Error(hook.Kind, hook.Target)).FirstOrDefault(error => error is not null);
            throw unknown is null ? e : new EbpfException(unknown.Error, unknown.Message, unknown.RecommendedAction, e.Details, e) { ProgramName = program.Name };
        }
        catch (EbpfException e) when (e.Error is EbpfError.LoadFailed or EbpfError.PermissionDenied && chosen.Exists(c => c.Program.Name == e.ProgramName))
        {
            (ObjectProgram program, Hook[] hooks) = chosen.Find(c => c.Program.Name == e.ProgramName);
            throw MissingHookKind.Error(program, hooks.Select(hook => hook.Kind).FirstOrDefault(), e) ?? e;
        }
    }

    private static ProbeProgram Describe(HostInventory inventory, ObjectProgram program, IEnumerable<string> hooks, Attachment[] attachments, List<IDisposable> owned)
    {
        SafeFileHandle handle = KernelObjects.Duplicate(program.Fd);
        owned.Add(handle);
        EbpfProgram info = inventory.Program(handle);
        return new ProbeProgram
        {
            Name = program.Name,
            Section = program.Section,
            Type = info.Type,
            ProgramId = info.Id,
            Hook = [.. hooks],
            LinkId = [.. attachments.Select(attachment => attachment.LinkId).OfType<uint>()],
            Link = [.. attachments.Where(attachment => attachment.LinkId is not null)],
            Handle = handle,
        };
    }

    private sealed record Prepared(ProbePlan Plan, SharedMaps Shared, List<(ObjectProgram Program, Hook[] Hooks)> Chosen);

    private static EventBuffer Buffer(BpfMap map, LoadedObject loaded, Dictionary<ObjectProgram, IReadOnlyList<EventOutput>> outputs, ProbeOptions options)
    {
        EventOutput[] own = [.. outputs.Values.SelectMany(o => o).Where(output => output.MapFd == map.Fd)
            .Select(output => output with { BuiltIn = output.BuiltInFd is { } fd ? loaded.Maps.FirstOrDefault(m => m.Fd == fd)?.Name : null })];
        EventBuffer buffer = new(map.Name, map.Type == EventBuffer.PerfEventArray, map.MaxEntries, KernelObjects.Duplicate(map.Fd), own);
        if (buffer.IsPadded && options.MapSize.TryGetValue(map.Name, out uint bytes))
        {
            buffer.CpuBytes = bytes;
        }
        return buffer;
    }

    // libbpf would take any, and the verifier another for what it is.
    private static void CheckAlike(BpfMap own, EbpfMap existing)
    {
        string? type = own.TypeName;
        if ((type is not null && type != existing.Type) || own.KeySize != existing.KeySize || own.ValueSize != existing.ValueSize)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"The map {existing} cannot stand for {own.Name}: it is of the type {existing.Type}, with keys of {existing.KeySize} " +
                $"and values of {existing.ValueSize} bytes; {own.Name} is of the type {type ?? $"{own.Type}"}, with keys of {own.KeySize} and values of {own.ValueSize}.",
                $"Give -ReuseMap one that is made alike: Get-EbpfMap | Where-Object Type -eq {type ?? $"{own.Type}"}.");
        }
    }
}
