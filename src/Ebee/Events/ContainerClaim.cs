using System.Collections.Concurrent;
using Ebee.Host;

namespace Ebee.Events;

/// <summary>
/// Which container a cgroup is by its name, and what else says so. That is looked up on a thread of its own when a cgroup is first
/// seen: the runtime forgets a container that has ended.
/// </summary>
internal sealed class ContainerClaim
{
    private const int MostKept = 4096; // cgroups
    private const int MostWaiting = 256;
    private const int LookAgainMs = 1000; // a runtime may write its record a little later

    private static readonly ConcurrentDictionary<ulong, ContainerClaim> Seen = new();
    private static readonly BackgroundQueue<ContainerClaim> Waiting = new(MostWaiting, static claim => claim.Look());

    private readonly byte[] _path;
    private readonly string _folder = "";
    private ContainerEvidence _evidence;
    private long _lookedAt; // 0 when nobody has
    private long _askedAt;

    private ContainerClaim(ReadOnlySpan<byte> path)
    {
        _path = path.ToArray();
        if (CgroupName.Container(EventRecord<Bindings.TaskInfo>.JoinPath(path)) is { } container)
        {
            (Id, _folder) = container;
        }
    }

    /// <summary>The container's id; null outside of a container.</summary>
    public string? Id { get; }

    /// <summary>What says so; null outside of a container.</summary>
    public ContainerEvidence? Evidence
    {
        get
        {
            if (Id is null)
            {
                return null;
            }
            if (Volatile.Read(ref _lookedAt) == 0)
            {
                Look();
            }
            return _evidence;
        }
    }

    /// <summary>That of a cgroup.</summary>
    /// <param name="cgroupId">Its id. In hierarchies of v1 several can have the same.</param>
    /// <param name="path">Its path, as a record has it.</param>
    public static ContainerClaim Of(ulong cgroupId, ReadOnlySpan<byte> path)
    {
        if (!Seen.TryGetValue(cgroupId, out ContainerClaim? claim) || !path.SequenceEqual(claim._path))
        {
            if (Seen.Count >= MostKept)
            {
                Seen.Clear();
            }
            Seen[cgroupId] = claim = new ContainerClaim(path);
        }
        if (claim.Id is not null && claim._evidence == ContainerEvidence.Name)
        {
            claim.Ask();
        }
        return claim;
    }

    private void Ask()
    {
        long now = Environment.TickCount64, asked = Volatile.Read(ref _askedAt);
        if (now - asked > LookAgainMs && Interlocked.CompareExchange(ref _askedAt, now, asked) == asked)
        {
            Waiting.TryAdd(this); // if too many wait, whoever asks for the evidence looks
        }
    }

    private void Look()
    {
        _evidence = ContainerRecords.Of(Id!, _folder);
        Volatile.Write(ref _lookedAt, Environment.TickCount64);
    }
}
