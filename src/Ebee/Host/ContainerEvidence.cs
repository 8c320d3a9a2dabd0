namespace Ebee.Host;

/// <summary>What says that a process runs in the container of an id.</summary>
public enum ContainerEvidence
{
    /// <summary>The name of its cgroup alone, which whoever owns a cgroup chooses for those below it.</summary>
    Name,

    /// <summary>A container runtime's own record, which only root could write, of a container in that cgroup.</summary>
    Record,
}
