using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Ebee.Btf;

/// <summary>An IPv4 or IPv6 address in network order, as text.</summary>
internal sealed class AddressCodec(int size, string cName) : BtfCodec(typeof(string), size, cName, $"address{size}")
{
    public const int V4 = 4, V6 = 16;

    /// <summary>Whether a <c>__be32</c> of this name is an address: saddr, daddr, src_ip, ip4.</summary>
    public static bool IsAddressName(string name)
    {
        name = name.TrimEnd('0', '1', '2', '3', '5', '6', '7', '8', '9').TrimEnd('_').ToLowerInvariant();
        name = name.EndsWith("v4", StringComparison.Ordinal) ? name[..^2] : name.TrimEnd('4');
        return name.EndsWith("addr", StringComparison.Ordinal) || name == "ip" || name is "sip" or "dip" || name.EndsWith("_ip", StringComparison.Ordinal);
    }

    protected override object Read(ReadOnlySpan<byte> data) => new IPAddress(data[..Size]).ToString();

    internal override void Write(object value, Span<byte> target, string field)
    {
        IPAddress? address = value switch
        {
            IPAddress given => given,
            string text => IPAddress.TryParse(text, out IPAddress? parsed) ? parsed : null,
            byte[] bytes when bytes.Length == Size => new IPAddress(bytes),
            _ => null,
        };
        if (address is not null)
        {
            address = Size == V6 && address.AddressFamily == AddressFamily.InterNetwork ? address.MapToIPv6() : address;
            if (address.TryWriteBytes(target, out int written) && written == Size)
            {
                return;
            }
            target.Clear();
        }
        else if (Size == V4 && Numbers.TryGet(value, out var number) && number >= 0 && number <= uint.MaxValue)
        {
            BinaryPrimitives.WriteUInt32BigEndian(target, (uint)number);
            return;
        }
        throw WrongType(field, value, Size == V4 ? "an IPv4 address" : "an IPv6 address");
    }
}
