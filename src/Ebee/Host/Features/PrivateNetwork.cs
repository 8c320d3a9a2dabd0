using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Ebee.Host.Features;

/// <summary>A network namespace for a moment: of one thread, with nothing in it but the interface lo, which is down.</summary>
internal static partial class PrivateNetwork
{
    private const int CloneNewNet = 0x40000000; // CLONE_NEWNET; needs CAP_SYS_ADMIN

    /// <summary>The index of lo there.</summary>
    public const uint Loopback = 1;

    /// <summary>Runs something there; gives the error number when there is no such namespace.</summary>
    public static int Run(Func<int> body)
    {
        int result = 0;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                result = unshare(CloneNewNet) < 0 ? Marshal.GetLastPInvokeError() : body();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }, maxStackSize: 256 << 10);
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);
}
