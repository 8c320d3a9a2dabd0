using System.Runtime.InteropServices;
using Ebee.Native;

namespace Ebee.Host;

/// <summary>The running kernel's release, such as 6.12.48+deb13-amd64, by the system call: /proc/sys may be hidden.</summary>
internal static unsafe class KernelRelease
{
    /// <summary>Its text.</summary>
    public static string Text { get; } = Read();

    private static string Read()
    {
        const int FieldSize = 65, ReleaseField = 2; // struct utsname: six strings
        byte* name = stackalloc byte[6 * FieldSize];
        return LibC.uname(name) == 0 ? Marshal.PtrToStringUTF8((nint)(name + ReleaseField * FieldSize)) ?? "" : "";
    }
}
