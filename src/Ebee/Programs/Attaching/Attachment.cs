using System.Runtime.InteropServices;
using Ebee.Bindings;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>A program at its hook. Disposing detaches it.</summary>
internal sealed unsafe class Attachment : IDisposable
{
    private readonly IDisposable _link;

    private Attachment(IDisposable link, int fd)
    {
        _link = link;
        Fd = fd;
        LinkInfo info = default;
        uint size = (uint)sizeof(LinkInfo);
        // Before Linux 5.15 a perf event has no link.
        LinkId = fd >= 0 && LibBpf.bpf_obj_get_info_by_fd(fd, &info, ref size) == 0 ? info.Id : null;
    }

    /// <summary>The link's descriptor, or a perf event's, while this is not disposed; -1 when there is none.</summary>
    public int Fd { get; }

    /// <summary>The kernel's id of the link; null where the hook has none.</summary>
    public uint? LinkId { get; }

    /// <summary>Whether others must not be detached on another thread meanwhile: libbpf keeps a list of these without a lock.</summary>
    public bool IsDetachedInTurn { get; init; }

    /// <summary>Of a link that libbpf made; 0 is its refusal, whose reason is in errno.</summary>
    /// <param name="link">What libbpf returned.</param>
    /// <param name="program">The program.</param>
    /// <param name="target">What it was to be attached to.</param>
    /// <param name="log">What libbpf said.</param>
    public static Attachment OfLink(nint link, ObjectProgram program, string target, LibBpfLog log) => link != 0
        ? new Attachment(new BpfLinkHandle(link), LibBpf.bpf_link__fd(link)) { IsDetachedInTurn = program.Section.StartsWith("usdt", StringComparison.Ordinal) }
        : throw KernelErrors.Attach(program.Name, Marshal.GetLastPInvokeError(), log.Text, target, program.IsNetwork);

    /// <summary>Of a link by its descriptor.</summary>
    public static Attachment OfLink(SafeFileHandle link) => new(link, (int)link.DangerousGetHandle());

    /// <summary>Of a link of libbpf's that the kernel may have none of.</summary>
    /// <param name="link">It.</param>
    /// <param name="fd">The descriptor of the kernel's, where there is one after all.</param>
    public static Attachment Of(BpfLinkHandle link, int fd = -1) => new(link, fd);

    /// <summary>Of something that is no link.</summary>
    public static Attachment Of(Action detach) => new(new Detacher(detach), -1);

    /// <summary>Keeps an object open until libbpf has let go of its link: a link can refer to it.</summary>
    public void KeepOpen(BpfObjectHandle owner) => (_link as BpfLinkHandle)?.KeepOpen(owner);

    /// <summary>Another descriptor of the link.</summary>
    /// <exception cref="ObjectDisposedException">It is detached.</exception>
    public SafeFileHandle Duplicate()
    {
        using HandleUse use = new((SafeHandle)_link); // what has an id is one
        return KernelObjects.Duplicate(Fd);
    }

    /// <inheritdoc/>
    public void Dispose() => _link.Dispose();

    private sealed class Detacher(Action detach) : IDisposable
    {
        private Action? _detach = detach;

        public void Dispose() => Interlocked.Exchange(ref _detach, null)?.Invoke();
    }
}
