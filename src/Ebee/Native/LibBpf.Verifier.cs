using System.Runtime.InteropServices;

namespace Ebee.Native;

internal static unsafe partial class LibBpf
{
    [LibraryImport(Library)]
    internal static partial int bpf_program__set_log_level(nint program, uint level);
}
