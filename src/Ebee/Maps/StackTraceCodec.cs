using System.Runtime.InteropServices;
using Ebee.Btf;
using Ebee.Host;

namespace Ebee.Maps;

/// <summary>A stack of a stack_trace map: return addresses, the innermost first, as text.</summary>
internal sealed class StackTraceCodec(int size) : BtfCodec(typeof(string[]), size, $"unsigned long[{size / sizeof(ulong)}]", "stack")
{
    protected override object Read(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<ulong> addresses = MemoryMarshal.Cast<byte, ulong>(data);
        int end = addresses.IndexOf(0UL);
        string[] frames = new string[end < 0 ? addresses.Length : end];
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] = KernelSymbols.Describe(addresses[i]);
        }
        return frames;
    }

    internal override void Write(object value, Span<byte> target, string field) =>
        throw new EbpfException(EbpfError.NotSupported, "Stacks are written by the kernel only.", "Remove one with Remove-EbpfMapEntry.");
}
