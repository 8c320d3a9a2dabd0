using System.Runtime.InteropServices;

namespace Ebee.Btf;

/// <summary>A pointer of 8 bytes, as hexadecimal text.</summary>
internal sealed class PointerCodec(string cName) : NumberCodec(typeof(string), sizeof(ulong), false, cName, "pointer")
{
    protected override string Wanted => "an address, as a number or as text such as 0x7f00";

    protected override object Read(ReadOnlySpan<byte> data) => $"0x{MemoryMarshal.Read<ulong>(data):x}";
}
