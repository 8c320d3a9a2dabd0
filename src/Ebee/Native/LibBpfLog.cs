using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Ebee.Native;

/// <summary>Keeps what libbpf prints while one call runs, for the error of that call; nothing reaches a terminal.</summary>
internal sealed unsafe class LibBpfLog : IDisposable
{
    private const int Debug = 2; // LIBBPF_DEBUG
    private static int _installed;

    [ThreadStatic]
    private static LibBpfLog? _current;

    private readonly StringBuilder _text = new();

    internal LibBpfLog()
    {
        if (Interlocked.Exchange(ref _installed, 1) == 0)
        {
            LibBpf.libbpf_set_print(&Print);
        }
        _current = this;
    }

    internal string Text => _text.ToString();

    public void Dispose() => _current = null;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, byte* format, nint arguments)
    {
        LibBpfLog? log = _current;
        if (log is null || level >= Debug)
        {
            return 0;
        }
        // A verifier's log comes in one message. A longer one keeps its end out; the bound only protects memory.
        nuint size = 1 << 20;
        byte* buffer = (byte*)NativeMemory.Alloc(size);
        try
        {
            if (LibC.vsnprintf(buffer, size, format, arguments) > 0)
            {
                log._text.Append(Marshal.PtrToStringUTF8((nint)buffer));
            }
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
        return 0;
    }
}
