using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>
/// Keeps a handle open while its number is in use. The number of a closed descriptor is soon another file's, whoever has it closed.
/// </summary>
internal readonly ref struct HandleUse
{
    private readonly SafeHandle _handle;

    /// <summary>Begins the use.</summary>
    /// <exception cref="ObjectDisposedException">The handle is closed.</exception>
    public HandleUse(SafeHandle handle)
    {
        bool added = false;
        handle.DangerousAddRef(ref added);
        _handle = handle;
    }

    public int Fd => (int)_handle.DangerousGetHandle();

    public void Dispose() => _handle.DangerousRelease();
}
