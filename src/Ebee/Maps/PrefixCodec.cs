using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Ebee.Btf;

namespace Ebee.Maps;

/// <summary>A key of an LPM trie with an IPv4 or IPv6 address: <c>10.0.0.0/8</c>.</summary>
/// <param name="inner">How the key is declared, for those who give its fields.</param>
internal sealed class PrefixCodec(BtfCodec inner) : BtfCodec(typeof(string), inner.Size, inner.CName, "prefix")
{
    private const int LengthSize = sizeof(uint); // struct bpf_lpm_trie_key: prefixlen, then the data

    /// <summary>Whether keys of this size hold an address.</summary>
    public static bool IsSize(int size) => size is LengthSize + AddressCodec.V4 or LengthSize + AddressCodec.V6;

    protected override object Read(ReadOnlySpan<byte> data) => $"{new IPAddress(data[LengthSize..Size])}/{MemoryMarshal.Read<uint>(data)}";

    internal override void Write(object value, Span<byte> target, string field)
    {
        if (value is not string text)
        {
            inner.Write(value, target, field);
            return;
        }
        string[] parts = text.Split('/');
        int bits = 8 * (Size - LengthSize);
        uint length = (uint)bits;
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out IPAddress? address)
            || parts.Length == 2 && !uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out length)
            || length > bits || !address.TryWriteBytes(target[LengthSize..], out int written) || written != Size - LengthSize)
        {
            throw InvalidValue(field, text, $"a prefix is an {(bits == 32 ? "IPv4" : "IPv6")} address and its bits, such as {(bits == 32 ? "10.0.0.0/8" : "fd00::/8")}");
        }
        MemoryMarshal.Write(target, length);
    }
}
