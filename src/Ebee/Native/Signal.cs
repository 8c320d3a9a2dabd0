namespace Ebee.Native;

/// <summary>The signals that end a process, by name (asm-generic/signal.h).</summary>
internal static class Signal
{
    /// <summary>The signal's name; its number where it has none here, and "no result" for 0.</summary>
    internal static string Name(int signal) => signal switch
    {
        0 => "no result",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        31 => "SIGSYS",
        _ => $"signal {signal}",
    };
}
