using Ebee.Native;

namespace Ebee.Btf;

/// <summary>Types that a program of somebody else has brought into the kernel.</summary>
internal static unsafe class LoadedBtf
{
    /// <summary>By the BTF's id; null when it is gone, or not to be seen, which needs CAP_SYS_ADMIN.</summary>
    public static BtfBlob? OfId(uint id)
    {
        using LibBpfLog log = new();
        nint btf = LibBpf.btf__load_from_kernel_by_id_split(id, 0);
        if (btf is 0)
        {
            return null;
        }
        try
        {
            void* data = LibBpf.btf__raw_data(btf, out uint size);
            return data is null ? null : BtfBlob.Parse(new ReadOnlySpan<byte>(data, (int)size));
        }
        catch (InvalidDataException)
        {
            return null; // of a kind that is newer than this reader
        }
        finally
        {
            LibBpf.btf__free(btf);
        }
    }
}
