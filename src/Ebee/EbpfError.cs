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

    /// <summary>The kernel's trace file system is mounted nowhere, and this process may not mount it for itself.</summary>
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

    /// <summary>Another user could replace a file that would run as this process.</summary>
    FileUntrusted,

    /// <summary>The kernel's verifier refused a program.</summary>
    VerifierRejected,

    /// <summary>A file or its content is no eBPF object that can be used.</summary>
    InvalidObject,

    /// <summary>libbpf did not survive the object, or took too long with it, in the process that tries it first.</summary>
    ObjectUnsafe,

    /// <summary>clang refused a source text.</summary>
    CompileFailed,

    /// <summary>clang is not on the machine.</summary>
    ClangNotFound,

    /// <summary>The running kernel does not offer what was asked for.</summary>
    NotSupported,

    /// <summary>No feature has such a name.</summary>
    FeatureNotFound,

    /// <summary>bpffs is not mounted where an object is to be pinned.</summary>
    BpffsNotMounted,

    /// <summary>The kernel has no such function, or none that can be traced.</summary>
    FunctionNotFound,

    /// <summary>A binary has no such symbol, or it is not there.</summary>
    SymbolNotFound,

    /// <summary>There is no such network interface.</summary>
    InterfaceNotFound,

    /// <summary>No probe of this session has such an id or name.</summary>
    ProbeNotFound,

    /// <summary>An object has no such global variable.</summary>
    GlobalNotFound,

    /// <summary>What was given leaves open what a program is to be attached to.</summary>
    AttachTargetMissing,

    /// <summary>Somebody else reads these events already.</summary>
    EventsBusy,

    /// <summary>The C struct of the events is not known.</summary>
    EventTypeUnknown,

    /// <summary>A map has no such entry.</summary>
    MapEntryNotFound,

    /// <summary>A value does not fit the C type it is for.</summary>
    InvalidValue,

    /// <summary>The process or the machine has no descriptor or no memory left.</summary>
    ResourcesExhausted,

    /// <summary>The session holds another version of the module than the one that was imported.</summary>
    VersionMismatch,
}
