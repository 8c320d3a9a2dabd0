using System.Buffers.Binary;

namespace Ebee.Tests.Support;

/// <summary>
/// Damages object files: the same seed damages in the same way, on every machine. Bits, words, sections and their headers, cuts, and
/// parts of other objects.
/// </summary>
internal sealed class Mutator(IReadOnlyList<byte[]> originals)
{
    private const int SectionHeaderSize = 64;

    private static readonly uint[] Words =
    [
        0, 1, 2, 3, 4, 7, 8, 0x10, 0xff, 0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff0, 0xfffffffe, 0xffffffff,
    ];

    /// <summary>A damaged copy of one of the originals.</summary>
    /// <param name="seed">Which.</param>
    public byte[] Mutate(int seed) => Mutate(new Random(seed));

    /// <summary>A damaged copy of one of the originals, which need not be object files.</summary>
    public byte[] Mutate(Random random)
    {
        byte[] original = originals[random.Next(originals.Count)];
        byte[] data = [.. original];
        for (int left = 1 + random.Next(3); left > 0; left--)
        {
            switch (random.Next(8))
            {
                case 0:
                    FlipBits(random, data);
                    break;
                case 1 or 2:
                    FlipBits(random, Section(random, data));
                    break;
                case 3 or 4:
                    ChangeWords(random, Section(random, data));
                    break;
                case 5:
                    ChangeWords(random, Headers(random, data));
                    break;
                case 6:
                    Splice(random, data);
                    break;
                default:
                    data = random.Next(4) == 0 ? Cut(random, data) : data;
                    break;
            }
        }
        return data;
    }

    private static void FlipBits(Random random, Span<byte> data)
    {
        for (int left = data.Length == 0 ? 0 : 1 + random.Next(8); left > 0; left--)
        {
            data[random.Next(data.Length)] ^= (byte)(1 << random.Next(8));
        }
    }

    // To one that is often a mistake, to one that stands elsewhere there, or to one near it.
    private static void ChangeWords(Random random, Span<byte> data)
    {
        for (int left = data.Length < 4 ? 0 : 1 + random.Next(3); left > 0; left--)
        {
            Span<byte> word = data.Slice(random.Next(data.Length / 4) * 4, 4);
            uint value = BinaryPrimitives.ReadUInt32LittleEndian(word);
            BinaryPrimitives.WriteUInt32LittleEndian(word, random.Next(3) switch
            {
                0 => Words[random.Next(Words.Length)],
                1 => BinaryPrimitives.ReadUInt32LittleEndian(data[(random.Next(data.Length / 4) * 4)..]),
                _ => value + (uint)random.Next(-16, 17),
            });
        }
    }

    // A section becomes one of another object, as far as there is room.
    private void Splice(Random random, byte[] data)
    {
        byte[] other = originals[random.Next(originals.Count)];
        Span<byte> to = Section(random, data), from = Section(random, other);
        int length = Math.Min(to.Length, from.Length);
        int start = random.Next(2) == 0 || length == 0 ? 0 : random.Next(length);
        from[start..length].CopyTo(to[start..]);
    }

    private static byte[] Cut(Random random, byte[] data)
    {
        int start = random.Next(data.Length), end = start + random.Next(Math.Min(256, data.Length - start));
        return random.Next(3) switch
        {
            0 => data[..start],
            1 => [.. data[..start], .. data[end..]],
            _ => [.. data[..end], .. data[start..]],
        };
    }

    // The content of one of its sections that are not for debuggers; all of it when it has none any more.
    private static Span<byte> Section(Random random, byte[] data)
    {
        List<(int Start, int Length)> sections = [];
        (int headers, int count) = HeaderTable(data);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = data.AsSpan(headers + i * SectionHeaderSize, SectionHeaderSize);
            ulong start = BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]), size = BinaryPrimitives.ReadUInt64LittleEndian(header[0x20..]);
            bool hasContent = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) is not (0 or 8); // SHT_NULL, SHT_NOBITS
            if (hasContent && start < (ulong)data.Length && size > 0 && size <= (ulong)data.Length - start)
            {
                sections.Add(((int)start, (int)size));
            }
        }
        if (sections.Count == 0)
        {
            return data;
        }
        (int at, int length) = sections[random.Next(sections.Count)];
        return data.AsSpan(at, length);
    }

    // The file's own header, or one of a section.
    private static Span<byte> Headers(Random random, byte[] data)
    {
        (int headers, int count) = HeaderTable(data);
        int section = random.Next(count + 1);
        return section == count ? data.AsSpan(0, Math.Min(data.Length, 64)) : data.AsSpan(headers + section * SectionHeaderSize, SectionHeaderSize);
    }

    private static (int Start, int Count) HeaderTable(byte[] data)
    {
        if (data.Length < 64)
        {
            return (0, 0);
        }
        ulong start = BinaryPrimitives.ReadUInt64LittleEndian(data.AsSpan(0x28));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(data.AsSpan(0x3c));
        return start > (ulong)data.Length ? (0, 0) : ((int)start, Math.Min(count, (data.Length - (int)start) / SectionHeaderSize));
    }
}
