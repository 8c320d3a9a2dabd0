namespace Ebee.Tracers;

/// <summary>
/// What a tracer is asked for. All filters work in the kernel; several kinds narrow each other, several values of
/// one kind widen it.
/// </summary>
public sealed class TracerOptions
{
    /// <summary>Bytes of the ring buffer unless told: 8 MiB.</summary>
    public const long DefaultBufferSize = 8 << 20;

    /// <summary>Only these processes, by id in this process's pid namespace.</summary>
    public IReadOnlyList<int> ProcessId { get; init; } = [];

    /// <summary>Not these processes, nor any of their descendants.</summary>
    public IReadOnlyList<int> ExcludeProcessId { get; init; } = [];

    /// <summary>With <see cref="ProcessId"/>: their descendants too, also those born later.</summary>
    public bool IncludeChildren { get; init; }

    /// <summary>Only processes of these names: the kernel's, exactly, of which it keeps 15 bytes.</summary>
    public IReadOnlyList<string> Name { get; init; } = [];

    /// <summary>Only processes of these effective users, by name or id.</summary>
    public IReadOnlyList<string> UserName { get; init; } = [];

    /// <summary>Only processes in these cgroups or below them: as /proc/PID/cgroup names them, or below /sys/fs/cgroup.</summary>
    public IReadOnlyList<string> CgroupPath { get; init; } = [];

    /// <summary>Only processes of these running containers, by unique prefixes of their ids.</summary>
    public IReadOnlyList<string> ContainerId { get; init; } = [];

    /// <summary>Failed system calls too. Every system call of the machine then passes a hook.</summary>
    public bool IncludeFailed { get; init; }

    /// <summary>Bytes of the ring buffer, 4 KiB to 1 GiB; rounded up to a power of two.</summary>
    public long BufferSize { get; init; } = DefaultBufferSize;

    /// <summary>Tries only the steps of the hook ladder of this name; for comparing steps. Null tries all in order.</summary>
    public string? Hook { get; init; }

    /// <summary>The buffer size as the kernel takes it.</summary>
    internal uint RingSize => BufferSize is >= 4096 and <= 1 << 30
        ? System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(BufferSize, Environment.SystemPageSize))
        : throw new EbpfException(EbpfError.InvalidArgument, $"A buffer of {BufferSize} bytes cannot be made.",
            "Give a size from 4KB to 1GB.");
}
