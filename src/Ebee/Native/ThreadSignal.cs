using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>
/// A signal that does nothing but end what a thread does in the kernel: the verifier and a program's test run give up when
/// one is pending.
/// </summary>
internal static unsafe partial class ThreadSignal
{
    private const int Last = 64;  // SIGRTMAX
    private const int First = 40; // those below are the runtime's and the C library's own
    private const int ActionSize = 256; // struct sigaction begins with its handler; no C library needs more bytes
    private static readonly int Number = Choose();

    /// <summary>The calling thread.</summary>
    public static nint Self => pthread_self();

    /// <summary>Interrupts a thread of this process, which has not ended; 0 is none.</summary>
    public static void Send(nint thread)
    {
        if (thread != 0 && Number != 0)
        {
            _ = pthread_kill(thread, Number);
        }
    }

    // One that nothing in this process has a handler for; 0 when there is none.
    private static int Choose()
    {
        // A handler must be native code that is safe wherever the thread is. This function of C looks at its argument alone.
        nint handler = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "abs");
        nint* action = stackalloc nint[ActionSize / sizeof(nint)];
        for (int number = Last; number >= First; number--)
        {
            if (sigaction(number, null, action) == 0 && *action == 0)
            {
                _ = signal(number, handler);
                return number;
            }
        }
        return 0;
    }

    [LibraryImport("libc")]
    private static partial nint pthread_self();

    [LibraryImport("libc")]
    private static partial int pthread_kill(nint thread, int signal);

    [LibraryImport("libc")]
    private static partial int sigaction(int signal, void* action, void* old);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);
}
