using System.Collections.Concurrent;
using Ebee.Bindings;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Btf;

/// <summary>The types that the kernel keeps of programs and maps, by the id of their BTF. Linux 4.18; needs CAP_SYS_ADMIN.</summary>
internal static unsafe class KernelBlobs
{
    private const int MostKept = 64;
    private const uint LargestBlob = 1 << 28; // bytes; the kernel takes 16 MiB

    private static readonly ConcurrentDictionary<uint, BtfBlob> Kept = new();
    private static readonly Lazy<BtfBlob?> KernelTypes = new(ReadKernel);

    /// <summary>The running kernel's own types; null when it has none.</summary>
    public static BtfBlob? Kernel => KernelTypes.Value;

    /// <summary>The types of an id; null when there are none, or this process may not read them.</summary>
    public static BtfBlob? Of(uint id)
    {
        if (Kept.TryGetValue(id, out BtfBlob? kept))
        {
            return kept;
        }
        int fd = LibBpf.bpf_btf_get_fd_by_id(id);
        if (fd < 0)
        {
            return null;
        }
        using SafeFileHandle handle = new(fd, ownsHandle: true);
        if (Read(fd) is not { } blob)
        {
            return null;
        }
        if (Kept.Count >= MostKept)
        {
            Kept.Clear();
        }
        return Kept[id] = blob;
    }

    private static BtfBlob? Read(int fd)
    {
        BpfBtfInfo info = default;
        uint size = (uint)sizeof(BpfBtfInfo);
        if (LibBpf.bpf_obj_get_info_by_fd(fd, &info, ref size) < 0 || info.KernelBtf != 0 || info.BtfSize > LargestBlob)
        {
            return null;
        }
        byte[] data = new byte[info.BtfSize];
        fixed (byte* buffer = data)
        {
            info = new BpfBtfInfo { Btf = (ulong)buffer, BtfSize = (uint)data.Length };
            size = (uint)sizeof(BpfBtfInfo);
            if (LibBpf.bpf_obj_get_info_by_fd(fd, &info, ref size) < 0)
            {
                return null;
            }
        }
        try
        {
            return BtfBlob.Parse(data);
        }
        catch (InvalidDataException)
        {
            return null; // of a kind that came after this version: the bytes can be shown without it
        }
    }

    private static BtfBlob? ReadKernel()
    {
        try
        {
            return BtfBlob.Parse(File.ReadAllBytes(TypeHeader.KernelBtf));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }
}
