using Ebee.Native;

namespace Ebee.Cli;

/// <summary>
/// Standard input, output and error, looked at before anything else: a file of the runtime's own has the number of one that was closed,
/// and what is written there goes astray. The runtime's files are closed on exec; those that a caller gives are not.
/// </summary>
internal static unsafe class StandardStreams
{
    private const int StandardError = 2;

    /// <summary>Whether all three are the caller's; else it was said on standard error, if that is there.</summary>
    public static bool AreOpen()
    {
        for (int fd = StandardError; fd >= 0; fd--)
        {
            if (LibC.WasClosed(fd))
            {
                if (fd != StandardError)
                {
                    Say(fd == 0
                        ? "ebee: standard input is closed. (EbpfInvalidArgument)\nebee: Give it one, such as ebee … < /dev/null\n"u8
                        : "ebee: standard output is closed. (EbpfInvalidArgument)\nebee: Give it one, such as ebee … > /tmp/events\n"u8);
                }
                return false;
            }
        }
        return true;
    }

    /// <summary>Writes to standard error, without the console's stream, which needs open files itself.</summary>
    public static void Say(ReadOnlySpan<byte> text)
    {
        fixed (byte* data = text)
        {
            _ = LibC.write(StandardError, data, (nuint)text.Length);
        }
    }
}
