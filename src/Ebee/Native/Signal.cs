namespace Ebee.Native;

/// <summary>The signals that end a process, by name (asm-generic/signal.h).</summary>
internal static class Signal
{
    private static readonly string[] Names =
        "- SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT 17 18 19 20 21 22 23 SIGXCPU SIGXFSZ".Split(' ');

    /// <summary>The signal's name; its number where it has none, and "no result" for no signal.</summary>
    internal static string Name(int signal) => signal == 0 ? "no result" : signal < Names.Length ? Names[signal] : $"signal {signal}";
}
