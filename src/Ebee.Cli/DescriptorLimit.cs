using Ebee.Native;

namespace Ebee.Cli;

/// <summary>
/// The limit of open files, looked at before anything else: .NET opens a file for each of its parts, and where it may not, says
/// that the part is not there.
/// </summary>
internal static unsafe class DescriptorLimit
{
    private const ulong Needed = 128;

    /// <summary>Whether it lets the command run; else it was said on standard error.</summary>
    public static bool IsEnough()
    {
        if (Descriptors.Limit is 0 or >= Needed)
        {
            return true;
        }
        StandardStreams.Say("ebee: this process may not open as many files as it needs, 128. (EbpfResourcesExhausted)\nebee: Raise the limit: ulimit -n 1024\n"u8);
        return false;
    }
}
