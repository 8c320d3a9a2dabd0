using Ebee.Btf;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Host.Features;

/// <summary>The types of maps that the kernel makes, by making one of each.</summary>
internal static unsafe class MapTypes
{
    private const uint Arena = 33, InstructionArray = 34; // enum bpf_map_type
    private const uint Mappable = 1 << 10; // BPF_F_MMAPABLE

    /// <summary>The questions.</summary>
    public static IEnumerable<FeatureQuestion> Questions(KernelTypes types) => TypeNames.OfMaps(types)
        .Select(type => new FeatureQuestion(EbpfFeatureCategory.MapType, type.Name, () => Feature(type.Name, type.Number)));

    private static EbpfFeature Feature(string name, uint number)
    {
        using LibBpfLog quiet = new();
        int probed = LibBpf.libbpf_probe_bpf_map_type(number, null);
        if (probed >= 0)
        {
            return new EbpfFeature(EbpfFeatureCategory.MapType, name) { IsSupported = probed == 1 };
        }
        // Newer than libbpf: what is known to be asked for is tried.
        int errno = Create(number, number switch
        {
            Arena => (0, 0, Mappable),
            InstructionArray => (4, 16, 0),
            _ => (4, 4, 0),
        });
        return new EbpfFeature(EbpfFeatureCategory.MapType, name)
        {
            IsSupported = errno == 0 ? true : number is Arena or InstructionArray ? false : null,
            Detail = errno == 0 ? null : Errno.Name(errno),
        };
    }

    private static int Create(uint type, (uint KeySize, uint ValueSize, uint Flags) shape)
    {
        LibBpf.BpfMapCreateOpts options = new() { Size = (nuint)sizeof(LibBpf.BpfMapCreateOpts), Flags = shape.Flags };
        int fd = LibBpf.bpf_map_create(type, "ebee_trial", shape.KeySize, shape.ValueSize, 1, &options);
        using SafeFileHandle? map = fd >= 0 ? new(fd, ownsHandle: true) : null;
        return fd < 0 ? -fd : 0;
    }
}
