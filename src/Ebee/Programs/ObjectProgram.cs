using System.Runtime.InteropServices;
using Ebee.Native;

namespace Ebee.Programs;

/// <summary>A program of an object, as <c>struct bpf_program</c>; it lives as long as its object.</summary>
internal readonly record struct ObjectProgram(nint Handle)
{
    public string Name => Marshal.PtrToStringUTF8(LibBpf.bpf_program__name(Handle)) ?? "";

    /// <summary>What its SEC() says.</summary>
    public string Section => Marshal.PtrToStringUTF8(LibBpf.bpf_program__section_name(Handle)) ?? "";

    /// <summary>What follows the first slash of the section; empty when nothing does.</summary>
    public string Argument => Section.IndexOf('/', StringComparison.Ordinal) is >= 0 and int slash ? Section[(slash + 1)..] : "";

    /// <summary>Whether it is to be loaded, or was.</summary>
    public bool IsEnabled => LibBpf.bpf_program__autoload(Handle);

    /// <summary>The kernel's number of its type; 0 when its section told libbpf nothing.</summary>
    public uint Type => LibBpf.bpf_program__type(Handle);

    /// <summary>Whether it sees packets or sockets, for which the kernel wants CAP_NET_ADMIN.</summary>
    public bool IsNetwork => Type is 3 or 4 or 6 or (>= 8 and <= 16) or 18 or 19 or 22 or 23 or 25 or 32; // enum bpf_prog_type

    /// <summary>The kernel's number of what it can be attached to (<c>enum bpf_attach_type</c>).</summary>
    public uint AttachType => LibBpf.bpf_program__expected_attach_type(Handle);

    /// <summary>Its descriptor, once it is loaded.</summary>
    public int Fd => LibBpf.bpf_program__fd(Handle);

    /// <summary>Says what libbpf could not know from the section. Before the load.</summary>
    public void SetType(uint type, uint attachType)
    {
        _ = LibBpf.bpf_program__set_type(Handle, type);
        _ = LibBpf.bpf_program__set_expected_attach_type(Handle, attachType);
    }
}
