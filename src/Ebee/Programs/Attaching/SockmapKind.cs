using Ebee.Maps;
using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>What the sockets in the object's one sockmap or sockhash send and receive; Linux 4.14. It goes with the map.</summary>
internal sealed class SockmapKind : AttachKind
{
    private const uint MapTypeSockmap = 15, MapTypeSockhash = 18;

    public override IReadOnlyList<string> Sections { get; } = ["sk_skb", "sk_msg"];

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        uint type = program.AttachType;
        yield return new Hook(Prefix(program), "the object's sockmap", (loaded, owner) =>
        {
            BpfMap[] maps = [.. owner.Maps.Where(map => map.Type is MapTypeSockmap or MapTypeSockhash)];
            if (maps.Length != 1)
            {
                throw new EbpfException(EbpfError.AttachTargetMissing,
                    $"The program {program.Name} goes to a sockmap, and its object has {maps.Length} of them.", "Give the object one sockmap or sockhash.");
            }
            int fd = loaded.Fd, map = maps[0].Fd;
            int result = LibBpf.bpf_prog_attach(fd, map, type, 0);
            return result == 0 ? Attachment.Of(() => _ = LibBpf.bpf_prog_detach2(fd, map, type))
                : throw KernelErrors.Attach(program.Name, -result, "", maps[0].Name, network: true);
        });
    }
}
