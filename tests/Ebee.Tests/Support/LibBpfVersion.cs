using System.Runtime.InteropServices;

namespace Ebee.Tests.Support;

/// <summary>The version of the machine's libbpf 1.</summary>
internal static partial class LibBpfVersion
{
    /// <summary>What follows "1.".</summary>
    public static uint Minor { get; } = libbpf_minor_version();

    [LibraryImport("libbpf.so.1")]
    private static partial uint libbpf_minor_version();
}
