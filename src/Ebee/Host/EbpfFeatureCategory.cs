namespace Ebee.Host;

// long: ConvertTo-Json writes the name of such an enum, and the number of a shorter one.
/// <summary>What a feature is about.</summary>
public enum EbpfFeatureCategory : long
{
    /// <summary>A type of program, as bpftool names it: kprobe, xdp, tracing.</summary>
    ProgramType,

    /// <summary>A type of map, as bpftool names it: hash, ringbuf.</summary>
    MapType,

    /// <summary>A function of the kernel that programs may call: bpf_ringbuf_output.</summary>
    Helper,

    /// <summary>A way to attach a program: fentry, uprobe.multi.</summary>
    AttachKind,

    /// <summary>What the verifier and the instruction set allow.</summary>
    Limit,

    /// <summary>An option that the kernel was built with: CONFIG_BPF_LSM.</summary>
    KernelOption,

    /// <summary>A setting of the running kernel.</summary>
    Sysctl,

    /// <summary>What this kernel and this machine have.</summary>
    System,

    /// <summary>What this user may do.</summary>
    Permission,
}
