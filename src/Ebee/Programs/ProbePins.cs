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

    private ProbePins(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Makes the folder, which must not be there.</summary>
    public static ProbePins Create(string folder)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        BpfFs.CheckPlace(folder);
        if (Directory.Exists(folder))
        {
            throw new EbpfException(EbpfError.FileExists, $"'{folder}' is there already.",
                $"Give another -PinPath; or stop what is pinned there: Get-EbpfProbe -PinPath '{folder}' | Stop-EbpfProbe.");
        }
        System.Diagnostics.Debug.Assert(!OperatingSystem.IsWindows());
        try
        {
            foreach (string part in new[] { "", Link, Program, Map })
            {
                Directory.CreateDirectory(Path.Join(folder, part), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EbpfException(EbpfError.FileFailed, $"'{folder}' could not be made: {e.Message.TrimEnd('.')}.", "Give a path under a bpffs that you may write to; bpffs takes no dots in names.", inner: e);
        }
        return new ProbePins(folder);
    }

    /// <summary>The probe that a folder holds.</summary>
    public static EbpfProbe Open(string folder)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        ProbePins pins = new(folder);
        if (!Directory.Exists(Path.Join(folder, Program)))
        {
            throw new EbpfException(EbpfError.ProbeNotFound, $"No probe is pinned in '{folder}'.", "Give the folder that Start-EbpfProbe -PinPath was given.");
        }
        List<IDisposable> owned = [];
        try
        {
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
        catch
        {
            owned.ForEach(o => o.Dispose());
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

    /// <summary>Removes all of it; what no process holds then is detached and freed.</summary>
    public void Remove()
    {
        foreach (string part in new[] { Link, Program, Map })
        {
            string folder = Path.Join(Folder, part);
            if (Directory.Exists(folder))
            {
                foreach (string file in Directory.GetFiles(folder))
                {
                    File.Delete(file);
                }
                Directory.Delete(folder);
            }
        }
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder);
        }
    }

    // bpffs takes no dots in names, and .rodata has one.
    private void Pin(string part, string name, int fd) => BpfFs.Pin(fd, Path.Join(Folder, part, name.Replace('.', '_')));

    private List<(string Name, SafeFileHandle Handle)> OpenAll(string part, List<IDisposable> owned)
    {
        List<(string, SafeFileHandle)> opened = [];
        foreach (string file in Directory.GetFiles(Path.Join(Folder, part)).Order(StringComparer.Ordinal))
        {
            SafeFileHandle handle = BpfFs.Open(file);
            owned.Add(handle);
            opened.Add((Path.GetFileName(file), handle));
        }
        return opened;
    }
}
