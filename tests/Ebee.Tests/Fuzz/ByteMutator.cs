using System.Buffers.Binary;

namespace Ebee.Tests.Fuzz;

/// <summary>Damages bytes that have no sections: beyond what <see cref="Mutator"/> does, it cuts, lengthens, and puts lengths in.</summary>
internal sealed class ByteMutator(byte[][] originals)
{
    private static readonly ulong[] Lengths = [0, 1, 7, 8, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, long.MaxValue, ulong.MaxValue];

    private readonly Mutator _mutator = new(originals);

    /// <summary>A damaged copy of one of the originals.</summary>
    public byte[] Mutate(Random random)
    {
        byte[] data = random.Next(4) == 0 ? [.. originals[random.Next(originals.Length)]] : _mutator.Mutate(random);
        int at = random.Next(data.Length + 1), end = at + random.Next(Math.Min(data.Length - at, 64) + 1);
        switch (random.Next(8))
        {
            case 0:
                return data[..at];
            case 1:
                return [.. data[..at], .. data[end..]];
            case 2:
                return [.. data[..end], .. data[at..]];
            case 3:
                byte[] more = new byte[random.Next(64)];
                random.NextBytes(more);
                return [.. data[..at], .. more, .. data[at..]];
            case 4 or 5:
                PutLength(random, data);
                return data;
            case 6 when random.Next(8) == 0:
                byte[] noise = new byte[random.Next(256)];
                random.NextBytes(noise);
                return noise;
            default:
                return data;
        }
    }

    private static void PutLength(Random random, Span<byte> data)
    {
        int size = 1 << random.Next(4);
        if (data.Length < size)
        {
            return;
        }
        Span<byte> place = data.Slice(random.Next((data.Length - size) / size + 1) * size, size), bytes = stackalloc byte[8];
        ulong length = random.Next(3) == 0 ? (ulong)data.Length + (ulong)random.Next(-8, 9) : Lengths[random.Next(Lengths.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        bytes[..size].CopyTo(place);
    }
}
