using System.Globalization;
using System.Runtime.InteropServices;
using Ebee.Native;

namespace Ebee.Host;

/// <summary>The running kernel's release, such as 6.12.48+deb13-amd64, by the system call: /proc/sys may be hidden.</summary>
internal static unsafe class KernelRelease
{
    /// <summary>Its text.</summary>
    public static string Text { get; } = Read();

    /// <summary>Whether it is older than a version; false when its text does not begin with two numbers.</summary>
    public static bool IsOlderThan(int major, int minor) => IsOlderThan(Text, major, minor);

    internal static bool IsOlderThan(string release, int major, int minor) =>
        release.Split('.', '-') is [string first, string second, ..]
        && int.TryParse(first, CultureInfo.InvariantCulture, out int ownMajor) && int.TryParse(second, CultureInfo.InvariantCulture, out int ownMinor)
        && (ownMajor < major || (ownMajor == major && ownMinor < minor));

    private static string Read()
    {
        const int FieldSize = 65, ReleaseField = 2; // struct utsname: six strings
        byte* name = stackalloc byte[6 * FieldSize];
        return LibC.uname(name) == 0 ? Marshal.PtrToStringUTF8((nint)(name + ReleaseField * FieldSize)) ?? "" : "";
    }
}
