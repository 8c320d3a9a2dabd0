using Ebee.Btf;
using Ebee.Events;
using Ebee.Host;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs.Attaching;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>A probe's folder under bpffs: <c>link/</c>, <c>program/</c> and <c>map/</c>, a file each by name.</summary>
internal sealed class ProbePins
{
    private const string Link = "link", Program = "program", Map = "map";

    private readonly PinFolder _above, _folder; // open until the pins are removed, or nobody has this any more
    private readonly Dictionary<string, List<Pinned>> _pinned = new() { [Link] = [], [Program] = [], [Map] = [] };

    private ProbePins(PinFolder above, PinFolder folder)
    {
        _above = above;
        _folder = folder;
    }

    public string Folder => _folder.Path;

    /// <summary>Makes the folder, which must not be there.</summary>
    public static ProbePins Create(string folder)
    {
        (PinFolder above, PinFolder made) = PinFolder.Make(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        ProbePins pins = new(above, made);
        try
        {
            foreach (string part in pins._pinned.Keys)
            {
                made.MakeFolder(part).Dispose();
            }
            return pins;
        }
        catch (Exception e)
        {
            CleanUp.After(e, pins.Remove);
            throw;
        }
    }

    /// <summary>The probe that a folder holds.</summary>
    public static EbpfProbe Open(string folder)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(Path.Join(folder, Program)))
        {
            throw new EbpfException(EbpfError.ProbeNotFound, $"No probe is pinned in '{folder}'.", "Give the folder that Start-EbpfProbe -PinPath was given.");
        }
        BpfFs.CheckPlace(Path.Join(folder, Program));
        PinFolder above = PinFolder.Open(Path.GetDirectoryName(folder)!);
        List<IDisposable> owned = [];
        PinFolder? found = null;
        try
        {
            found = PinFolder.Open(folder);
            ProbePins pins = new(above, found);
            using HostInventory inventory = new(withHolders: false);
            (EbpfLink Link, SafeFileHandle Handle)[] opened = [.. pins.OpenAll(Link, owned).Select(link => (inventory.Link(link.Handle), link.Handle))];
            ILookup<uint, EbpfLink> links = opened.Select(link => link.Link).ToLookup(link => link.ProgramId);
            List<ProbeProgram> programs = [];
            List<IteratorProgram> iterators = [];
            HashSet<uint> types = [];
            foreach ((string name, SafeFileHandle handle) in pins.OpenAll(Program, owned))
            {
                EbpfProgram info = inventory.Program(handle);
                types.UnionWith(info.BtfId is { } id ? [id] : []);
                iterators.AddRange(opened.Where(link => link.Link.ProgramId == info.Id && link.Link.Type == IteratorKind.Name)
                    .Select(link => new IteratorProgram(name, link.Handle, [])));
                programs.Add(new ProbeProgram
                {
                    Name = name,
                    Type = info.Type,
                    ProgramId = info.Id,
                    Hook = [.. links[info.Id].Select(link => link.ToString())],
                    LinkId = [.. links[info.Id].Select(link => link.Id)],
                    Handle = handle,
                });
            }
            Dictionary<string, EbpfMap> maps = new(StringComparer.Ordinal);
            foreach ((string name, SafeFileHandle handle) in pins.OpenAll(Map, owned))
            {
                maps[name] = inventory.Map(handle, types: null);
            }
            string probe = Path.GetFileName(folder);
            EventBuffer[] buffers = [.. maps.Select(map => EventBuffer.Of(map.Key, map.Value, map.Value.Handle!)).OfType<EventBuffer>()];
            ProbeEvents events = new(probe, buffers, () => [.. types.Select(KernelBlobs.Of).OfType<BtfBlob>()]) { Iterators = iterators };
            return new EbpfProbe(probe, null, null, null, programs, maps, events, pins, owned);
        }
        catch (Exception e)
        {
            CleanUp.After(e, [.. owned.Select<IDisposable, Action>(o => o.Dispose), () => found?.Dispose(), above.Dispose]);
            throw;
        }
    }

    /// <summary>Pins a program and its links.</summary>
    public void Pin(ObjectProgram program, IReadOnlyList<Attachment> attachments)
    {
        Pin(Program, program.Name, program.Fd);
        for (int i = 0; i < attachments.Count; i++)
        {
            if (attachments[i].LinkId is null)
            {
                throw new EbpfException(EbpfError.NotSupported, $"What the program {program.Name} is attached to cannot be pinned: this kernel makes no link of it.",
                    "Leave -PinPath out, or use Linux 5.15 or newer.");
            }
            Pin(Link, i == 0 ? program.Name : $"{program.Name}_{i + 1}", attachments[i].Fd);
        }
    }

    /// <summary>Pins the link that registers a struct of functions.</summary>
    public void Pin(string structOps, Attachment attachment)
    {
        if (attachment.LinkId is not null)
        {
            Pin(Link, structOps, attachment.Fd);
        }
    }

    /// <summary>Pins a map.</summary>
    public void Pin(BpfMap map) => Pin(Map, map.Name, map.Fd);

    /// <summary>Pins a map by itself, where it stays.</summary>
    /// <returns>What removes it again.</returns>
    public static Action PinMap(int fd, string path)
    {
        path = Path.GetFullPath(path);
        BpfFs.CheckPlace(path);
        PinFolder folder = PinFolder.Open(Path.GetDirectoryName(path)!);
        try
        {
            Pinned pinned = folder.Pin(fd, Path.GetFileName(path));
            return () =>
            {
                if (folder.Remove(pinned) is { } why)
                {
                    throw new EbpfException(EbpfError.FileFailed, $"{why}.", $"Remove it: rm '{path}'.");
                }
            };
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Removes what it pinned, and nothing else; what no process holds then is detached and freed.</summary>
    /// <exception cref="EbpfException">Something is left; all else is removed.</exception>
    public void Remove()
    {
        List<string> left = [.. _pinned.SelectMany(part => Remove(part.Key, part.Value))];
        left.AddRange(_folder.Names.Except(_pinned.Keys).Select(other => NotOwn(_folder, other)));
        if (left.Count == 0 && _above.Remove(_folder) is { } why)
        {
            left.Add(why);
        }
        _folder.Dispose();
        _above.Dispose();
        if (left.Count > 0)
        {
            throw new EbpfException(EbpfError.FileFailed, $"The probe is stopped, but not all of '{Folder}' could be removed: {string.Join("; ", left)}.",
                $"Look what it is, and remove it: find '{Folder}' -ls; rm -r '{Folder}'.");
        }
    }

    // What is left of a part of the folder, and why.
    private List<string> Remove(string name, List<Pinned> pinned)
    {
        using PinFolder? part = _folder.OpenFolder(name);
        if (part is null)
        {
            return _folder.Names.Contains(name) ? [NotOwn(_folder, name)] : [];
        }
        List<string> left = [.. pinned.Select(part.Remove).OfType<string>()];
        left.AddRange(part.Names.Except(pinned.Select(pin => pin.Name)).Select(other => NotOwn(part, other)));
        if (left.Count == 0 && _folder.Remove(part) is { } why)
        {
            left.Add(why);
        }
        return left;
    }

    private static string NotOwn(PinFolder folder, string name) => $"'{Path.Join(folder.Path, name)}' is not the probe's own";

    // bpffs takes no dots in names, and .rodata has one.
    private void Pin(string part, string name, int fd)
    {
        using PinFolder folder = _folder.OpenFolder(part) ?? throw new EbpfException(EbpfError.FileFailed, $"'{Path.Join(Folder, part)}' is not there any more.", "Start the probe again.");
        _pinned[part].Add(folder.Pin(fd, name.Replace('.', '_')));
    }

    private List<(string Name, SafeFileHandle Handle)> OpenAll(string part, List<IDisposable> owned)
    {
        List<(string, SafeFileHandle)> opened = [];
        using PinFolder? folder = _folder.OpenFolder(part);
        foreach (string name in folder?.Names ?? [])
        {
            folder!.CheckTrust(name);
            SafeFileHandle handle = folder.OpenPin(name);
            owned.Add(handle);
            opened.Add((name, handle));
            _pinned[part].Add(Pinned.Of(name, (int)handle.DangerousGetHandle()));
        }
        return opened;
    }
}
