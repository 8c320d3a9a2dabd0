using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>Owns a <c>struct bpf_link</c>; releasing it detaches the program.</summary>
internal sealed class BpfLinkHandle : SafeHandle
{
    internal BpfLinkHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => LibBpf.bpf_link__destroy(handle) == 0;
}
