using Ebee.Host;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>Packets as they arrive at an interface, by a link; Linux 5.9.</summary>
internal sealed unsafe class XdpKind : AttachKind
{
    private const uint AttachTypeXdp = 37;

    public override IReadOnlyList<string> Sections { get; } = ["xdp", "xdp.frags"];

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        XdpMode mode = request.XdpMode;
        string kind = mode == XdpMode.Default ? "xdp" : $"xdp ({mode})";
        foreach (string name in request.Interface(program))
        {
            uint index = NetworkInterfaces.IndexOf(name);
            yield return new Hook(kind, name, (loaded, _) => Attach(loaded, name, index, mode));
        }
    }

    private static Attachment Attach(ObjectProgram program, string name, uint index, XdpMode mode)
    {
        LibBpf.BpfLinkCreateOpts options = new() { Size = (nuint)sizeof(LibBpf.BpfLinkCreateOpts), Flags = (uint)mode };
        int fd = LibBpf.bpf_link_create(program.Fd, (int)index, AttachTypeXdp, &options);
        return fd >= 0 ? Attachment.OfLink(new SafeFileHandle(fd, ownsHandle: true))
            : fd == -Errno.Ebusy ? throw Taken(program, name, index) : throw KernelErrors.Attach(program.Name, -fd, "", name, network: true);
    }

    private static EbpfException Taken(ObjectProgram program, string name, uint index)
    {
        uint id = 0;
        using HostInventory inventory = new(withHolders: false);
        string holder = LibBpf.bpf_xdp_query_id((int)index, 0, &id) != 0 || id == 0 ? "another one"
            : KernelObjects.Programs.Open(id) is { } handle ? Described(inventory, handle) : $"the program {id}";
        return new EbpfException(EbpfError.AttachFailed, $"The program {program.Name} could not be attached to {name}: an interface takes one XDP program, and it has {holder} already (EBUSY).",
            "See what holds it: Get-EbpfLink -Type xdp; and stop that. Of an object's programs, -ProgramName chooses one.") { ProgramName = program.Name };
    }

    private static string Described(HostInventory inventory, SafeFileHandle handle)
    {
        using (handle)
        {
            EbpfProgram holder = inventory.Program(handle);
            return $"{holder.Name} ({holder.Id})";
        }
    }
}
