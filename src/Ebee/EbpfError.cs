namespace Ebee;

/// <summary>What went wrong. The name, with <c>Ebpf</c> before it, is the stable error id that PowerShell shows.</summary>
public enum EbpfError
{
    /// <summary>A capability is missing.</summary>
    PermissionDenied,

    /// <summary>The kernel or its verifier refused a program or a map.</summary>
    LoadFailed,

    /// <summary>No hook of a tracer's ladder could be attached on this kernel.</summary>
    AttachFailed,

    /// <summary>The kernel is older than 5.8.</summary>
    KernelTooOld,

    /// <summary>The kernel was built without BTF.</summary>
    NoBtf,

    /// <summary>libbpf is not on the machine.</summary>
    LibBpfNotFound,

    /// <summary>The machine does not run Linux.</summary>
    NotLinux,

    /// <summary>A user name is not in the user database.</summary>
    UserNotFound,

    /// <summary>A process id belongs to no process.</summary>
    ProcessNotFound,

    /// <summary>A cgroup path is in no hierarchy.</summary>
    CgroupNotFound,

    /// <summary>No running container has such an id, or more than one has.</summary>
    ContainerNotFound,

    /// <summary>A value is out of its range.</summary>
    InvalidArgument,

    /// <summary>A map operation failed.</summary>
    MapFailed,

    /// <summary>No program in the kernel has such an id or name.</summary>
    ProgramNotFound,

    /// <summary>No link in the kernel has such an id.</summary>
    LinkNotFound,

    /// <summary>No map in the kernel has such an id or name.</summary>
    MapNotFound,

    /// <summary>The kernel did not say what it holds.</summary>
    InventoryFailed,

    /// <summary>The kernel's trace file system is mounted nowhere.</summary>
    TracefsNotMounted,

    /// <summary>The kernel has no such tracepoint.</summary>
    TracepointNotFound,

    /// <summary>Somebody else reads the trace pipe, of which the kernel allows one reader.</summary>
    TraceBusy,

    /// <summary>A file holds no BTF that can be used.</summary>
    InvalidBtf,

    /// <summary>A file is there already.</summary>
    FileExists,

    /// <summary>A file could not be read or written.</summary>
    FileFailed,
}
