using Ebee.Bindings;
using Ebee.Host;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>
/// Packets that arrive at an interface or leave it, by a tcx link; Linux 6.6. An older kernel's filters would stay when
/// the session is killed, so there is no step down to them.
/// </summary>
internal sealed class TcKind : AttachKind
{
    private const uint ProgramTypeSchedCls = 3, AttachTypeIngress = 46, AttachTypeEgress = 47;

    public override IReadOnlyList<string> Sections { get; } = ["tcx", "tc", "classifier"];

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        TrafficDirection direction = program.Argument switch
        {
            "ingress" => TrafficDirection.Ingress,
            "egress" => TrafficDirection.Egress,
            _ => request.Direction,
        };
        uint type = direction == TrafficDirection.Ingress ? AttachTypeIngress : AttachTypeEgress;
        program.SetType(ProgramTypeSchedCls, type);
        foreach (string name in request.Interface(program))
        {
            uint index = NetworkInterfaces.IndexOf(name);
            yield return new Hook("tcx", $"{name} {direction.ToString().ToLowerInvariant()}", (loaded, _) => Attach(loaded, name, index, type));
        }
    }

    private static Attachment Attach(ObjectProgram program, string name, uint index, uint type)
    {
        LinkCreateTcx attributes = new() { ProgFd = (uint)program.Fd, TargetIfindex = index, AttachType = type };
        SafeFileHandle? link = BpfCall.CreateLink(ref attributes, out int errno);
        return link is not null ? Attachment.OfLink(link)
            : errno == Errno.Einval ? throw new EbpfException(EbpfError.NotSupported,
                $"The program {program.Name} cannot be attached to {name}: this kernel has no tcx (Linux 6.6).",
                "Use an xdp program for packets that arrive, a cgroup_skb program, or a newer kernel.")
            : throw KernelErrors.Attach(program.Name, errno, "", name, network: true);
    }
}
