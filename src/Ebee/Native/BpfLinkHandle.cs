using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>Owns a <c>struct bpf_link</c>; releasing it detaches the program.</summary>
internal sealed class BpfLinkHandle : SafeHandle
{
    private BpfObjectHandle? _owner;

    internal BpfLinkHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    /// <summary>Keeps an object open until the link is gone: a USDT link writes into its object when it goes. In finalizers too.</summary>
    internal void KeepOpen(BpfObjectHandle owner)
    {
        bool added = false;
        owner.DangerousAddRef(ref added);
        _owner = owner;
    }

    protected override bool ReleaseHandle()
    {
        int result = LibBpf.bpf_link__destroy(handle);
        _owner?.DangerousRelease();
        return result == 0;
    }
}
