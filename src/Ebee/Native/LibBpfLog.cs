using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Ebee.Native;

/// <summary>
/// Keeps what libbpf prints while one call runs, for the error of that call; nothing reaches a terminal. Within another, the inner one
/// keeps what is printed, and then the outer one again.
/// </summary>
internal sealed unsafe class LibBpfLog : IDisposable
{
    private const int Debug = 2; // LIBBPF_DEBUG
    private const int ShortMessage = 4096;
    private const int LongestMessage = 1 << 28; // a verifier's log can have 1 GB; a string cannot, in UTF-16
    private const int KeptHead = 1 << 16;
    private static int _installed;

    [ThreadStatic]
    private static LibBpfLog? _current;

    private readonly StringBuilder _text = new();
    private readonly bool _withLoadLogs;
    private readonly LibBpfLog? _outer;

    /// <summary>Begins to keep what is printed on this thread.</summary>
    /// <param name="withLoadLogs">Also what the verifier says of programs that it takes, which libbpf prints for debugging.</param>
    internal LibBpfLog(bool withLoadLogs = false)
    {
        _withLoadLogs = withLoadLogs;
        if (Interlocked.Exchange(ref _installed, 1) == 0)
        {
            LibBpf.libbpf_set_print(&Print);
        }
        _outer = _current;
        _current = this;
    }

    internal string Text => _text.ToString();

    public void Dispose() => _current = _outer;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, byte* format, nint arguments)
    {
        LibBpfLog? log = _current;
        if (log is null || (level >= Debug && !(log._withLoadLogs && IsLoadLog(format))))
        {
            return 0;
        }
        // A va_list, which the first call uses up: 24 bytes on x86-64, 32 on arm64.
        (long, long, long, long) again;
        Buffer.MemoryCopy((void*)arguments, &again, sizeof(long) * 4, RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 32 : 24);
        byte* start = stackalloc byte[ShortMessage];
        int length = LibC.vsnprintf(start, ShortMessage, format, arguments);
        if (length < ShortMessage)
        {
            log.Append(start, length);
            return 0;
        }
        byte* buffer = (byte*)NativeMemory.Alloc((nuint)length + 1);
        _ = LibC.vsnprintf(buffer, (nuint)length + 1, format, (nint)(&again));
        if (length <= LongestMessage)
        {
            log.Append(buffer, length);
        }
        else
        {
            log.Append(buffer, KeptHead);
            log._text.Append($"\n[{length - LongestMessage} bytes are left out]\n");
            log.Append(buffer + length - (LongestMessage - KeptHead), LongestMessage - KeptHead);
        }
        NativeMemory.Free(buffer);
        return 0;
    }

    private static bool IsLoadLog(byte* format) =>
        MemoryMarshal.CreateReadOnlySpanFromNullTerminated(format).IndexOf("PROG LOAD LOG"u8) >= 0;

    private void Append(byte* text, int length)
    {
        if (length > 0)
        {
            _text.Append(Encoding.UTF8.GetString(text, length));
        }
    }
}
