using System.Runtime.InteropServices;

namespace Ebee.Native;

internal static unsafe partial class LibBpf
{
    /// <summary><c>struct bpf_prog_load_opts</c> of libbpf 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfProgLoadOpts
    {
        public nuint Size;
        public int Attempts;
        public uint ExpectedAttachType;
        public uint BtfFd;
        public uint Flags;
        public uint InterfaceIndex;
        public uint KernelVersion;
        public uint AttachBtfId;
        public uint AttachProgramFd;
        public uint AttachBtfObjectFd;
        public int* FdArray;
        public void* FunctionInfo;
        public uint FunctionInfoCount;
        public uint FunctionInfoRecordSize;
        public void* LineInfo;
        public uint LineInfoCount;
        public uint LineInfoRecordSize;
        public uint LogLevel;
        public uint LogSize;
        public byte* Log;
    }

    /// <summary><c>struct bpf_map_create_opts</c> of libbpf 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfMapCreateOpts
    {
        public nuint Size;
        public uint BtfFd;
        public uint BtfKeyTypeId;
        public uint BtfValueTypeId;
        public uint BtfVmlinuxValueTypeId;
        public uint InnerMapFd;
        public uint Flags;
        public ulong Extra;
        public uint NumaNode;
        public uint InterfaceIndex;
    }

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_prog_load(uint type, string name, string license, ulong* instructions, nuint count, BpfProgLoadOpts* options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_map_create(uint type, string name, uint keySize, uint valueSize, uint maxEntries, BpfMapCreateOpts* options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_raw_tracepoint_open(string? name, int programFd);

    [LibraryImport(Library)]
    internal static partial int libbpf_probe_bpf_prog_type(uint type, void* options);

    [LibraryImport(Library)]
    internal static partial int libbpf_probe_bpf_map_type(uint type, void* options);

    [LibraryImport(Library)]
    internal static partial nint libbpf_version_string();

    [LibraryImport(Library)]
    internal static partial uint libbpf_major_version();

    [LibraryImport(Library)]
    internal static partial uint libbpf_minor_version();
}
