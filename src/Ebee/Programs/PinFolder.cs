using System.Runtime.InteropServices;
using Ebee.Host;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>
/// An open folder of a bpffs, by which its files are made, opened and removed: whoever puts another folder or a link in the place of
/// its path changes nothing of that. Nobody else could have written to it when it was opened.
/// </summary>
internal sealed class PinFolder : IDisposable
{
    private const int OpenFlags = 0x200000 | LibC.OpenCloexec; // O_PATH
    private const int RemoveFolderFlag = 0x200; // AT_REMOVEDIR
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly int FolderFlag = IsArm ? 0x4000 : 0x10000, NoLinkFlag = IsArm ? 0x8000 : 0x20000; // O_DIRECTORY, O_NOFOLLOW

    private readonly SafeFileHandle _handle;

    private PinFolder(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
    }

    /// <summary>Its path when it was opened.</summary>
    public string Path { get; }

    /// <summary>What it is called by this process, wherever it is.</summary>
    private string Here => $"/proc/self/fd/{(int)_handle.DangerousGetHandle()}";

    /// <summary>The names in it.</summary>
    public IEnumerable<string> Names => Directory.EnumerateFileSystemEntries(Here).Select(entry => System.IO.Path.GetFileName(entry)).Order(StringComparer.Ordinal);

    /// <summary>Opens a folder.</summary>
    /// <exception cref="EbpfException">It is not there, or others can write to it or to a folder above it.</exception>
    public static PinFolder Open(string path)
    {
        if (FileStatus.Of(path) is not null)
        {
            CheckTrustOf(path);
        }
        int fd = LibC.open(path, OpenFlags | FolderFlag, 0);
        return fd >= 0 ? new PinFolder(path, new SafeFileHandle(fd, ownsHandle: true)) : throw Failed(path, "opened", Marshal.GetLastPInvokeError());
    }

    /// <summary>Makes a folder that was not there, with those above it that are missing. The folder above it is the result's first.</summary>
    public static (PinFolder Above, PinFolder Made) Make(string path)
    {
        BpfFs.CheckPlace(path);
        string above = System.IO.Path.GetDirectoryName(path)!;
        PinFolder at;
        if (FileStatus.OfEntry(above) is null)
        {
            (PinFolder farther, at) = Make(above);
            farther.Dispose();
        }
        else
        {
            at = Open(above);
        }
        try
        {
            return (at, at.Make(path, System.IO.Path.GetFileName(path)));
        }
        catch
        {
            at.Dispose();
            throw;
        }
    }

    /// <summary>Makes a folder in it that was not there, for this user alone.</summary>
    public PinFolder MakeFolder(string name) => Make(System.IO.Path.Join(Path, name), name);

    /// <summary>Opens a folder in it; null when there is none of that name, or it is a link.</summary>
    public PinFolder? OpenFolder(string name)
    {
        int fd = LibC.openat((int)_handle.DangerousGetHandle(), name, OpenFlags | FolderFlag | NoLinkFlag);
        return fd >= 0 ? new PinFolder(System.IO.Path.Join(Path, name), new SafeFileHandle(fd, ownsHandle: true)) : null;
    }

    /// <summary>Pins a map, a program or a link in it.</summary>
    public Pinned Pin(int fd, string name)
    {
        string path = System.IO.Path.Join(Path, name);
        BpfFs.Pin(fd, $"{Here}/{name}", path);
        return Pinned.Of(name, fd);
    }

    /// <summary>Throws when others could put another thing in the place of a pin in it.</summary>
    public void CheckTrust(string name) => CheckTrustOf(System.IO.Path.Join(Path, name));

    /// <summary>Opens what is pinned in it.</summary>
    /// <exception cref="EbpfException">It is not there, or not a pin.</exception>
    public SafeFileHandle OpenPin(string name)
    {
        string path = System.IO.Path.Join(Path, name);
        int fd = LibC.openat((int)_handle.DangerousGetHandle(), name, OpenFlags | NoLinkFlag);
        using SafeFileHandle file = new(fd, ownsHandle: true);
        if (fd < 0)
        {
            throw Failed(path, "opened", Marshal.GetLastPInvokeError());
        }
        if (FileStatus.Of(file) is not { IsRegular: true })
        {
            throw new EbpfException(EbpfError.FileFailed, $"'{path}' is not a pin.", $"Look what it is: ls -l '{Path}'.");
        }
        return BpfFs.Open($"/proc/self/fd/{fd}", path);
    }

    /// <summary>Removes a pin, if it is of what it was made of.</summary>
    /// <returns>Why it was not removed; null when it was, or is not there any more.</returns>
    public string? Remove(Pinned pinned)
    {
        try
        {
            if (FileStatus.OfEntry(_handle, pinned.Name) is null)
            {
                return null;
            }
            using SafeFileHandle handle = OpenPin(pinned.Name);
            int fd = (int)handle.DangerousGetHandle();
            if (Pinned.Of(pinned.Name, fd) != pinned)
            {
                return $"'{System.IO.Path.Join(Path, pinned.Name)}' is a pin of something else";
            }
            string? why = Remove(pinned.Name, 0);
            bool isHeld = why is not null && pinned.Kind?.Contains("link", StringComparison.Ordinal) == true && LibBpf.bpf_link_detach(fd) != 0;
            return isHeld ? why + ", and keeps its program attached" : why;
        }
        catch (EbpfException e)
        {
            return e.Message.TrimEnd('.');
        }
    }

    /// <summary>Removes an empty folder in it, if it is the one that is open.</summary>
    /// <returns>Why it was not removed; null when it was.</returns>
    public string? Remove(PinFolder folder)
    {
        string name = System.IO.Path.GetFileName(folder.Path);
        return FileStatus.OfEntry(_handle, name) != FileStatus.Of(folder._handle)
            ? $"'{folder.Path}' was moved: it is '{new FileInfo(folder.Here).LinkTarget}'" : Remove(name, RemoveFolderFlag);
    }

    public void Dispose() => _handle.Dispose();

    private static void CheckTrustOf(string path)
    {
        if (FileTrust.Find(path) is { } doubt)
        {
            throw new EbpfException(EbpfError.FileUntrusted, $"'{path}' cannot be trusted with pins, which others could remove or replace: {doubt.Text}.",
                $"As root: {doubt.Remedy}. Or give a folder that is yours alone, of a bpffs that was mounted by: {BpfFs.Mount}.");
        }
    }

    private static EbpfException Failed(string path, string what, int errno) => new(
        errno is Errno.Eperm or Errno.Eacces ? EbpfError.PermissionDenied : EbpfError.FileFailed, $"'{path}' could not be {what}: {Errno.Name(errno)}.",
        "Give a path under a bpffs that you may write to; bpffs takes no dots in names.");

    private PinFolder Make(string path, string name)
    {
        const uint OwnerOnly = 0x1c0; // 0700
        if (LibC.mkdirat((int)_handle.DangerousGetHandle(), name, OwnerOnly) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw errno == Errno.Eexist
                ? new EbpfException(EbpfError.FileExists, $"'{path}' is there already.",
                    $"Give another -PinPath; or stop what is pinned there: Get-EbpfProbe -PinPath '{path}' | Stop-EbpfProbe.")
                : new EbpfException(EbpfError.FileFailed, $"'{path}' could not be made: {Errno.Name(errno)}.",
                    "Give a path under a bpffs that you may write to; bpffs takes no dots in names.");
        }
        return OpenFolder(name) ?? throw Failed(path, "opened", Marshal.GetLastPInvokeError());
    }

    private string? Remove(string name, int flags) => LibC.unlinkat((int)_handle.DangerousGetHandle(), name, flags) == 0 ? null
        : $"'{System.IO.Path.Join(Path, name)}' could not be removed: {Errno.Name(Marshal.GetLastPInvokeError())}";
}
