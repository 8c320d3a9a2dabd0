using Ebee.Btf;

namespace Ebee.Events;

/// <summary>
/// Makes objects of a map's records. A record is of the type whose size it has; one that is of none is given as bytes, and that
/// is said once.
/// </summary>
/// <param name="map">The map's name, for the warning.</param>
/// <param name="codecs">The types; none for bytes alone.</param>
/// <param name="isPadded">Whether the kernel has padded the records, as it does in perf buffers.</param>
/// <param name="warn">Takes the warning.</param>
/// <param name="advise">What to do about a record of so many bytes, for the warning; null when nobody reads it.</param>
internal sealed class RecordDecoder(string map, IReadOnlyList<BtfCodec> codecs, bool isPadded, Action<string> warn, Func<int, string>? advise = null)
{
    private readonly BtfCodec[] _codecs = [.. codecs];
    private readonly int[] _lengths = [.. codecs.Select(codec => isPadded ? PaddedLength(codec.Size) : codec.Size)];
    private bool _warned;

    /// <summary>The event; it keeps nothing of the record's memory.</summary>
    public object Decode(ReadOnlySpan<byte> record)
    {
        int found = -1;
        for (int i = 0; i < _lengths.Length; i++)
        {
            if (_lengths[i] == record.Length)
            {
                found = found < 0 ? i : _lengths.Length; // of two that look alike it is none
            }
        }
        return found >= 0 && found < _lengths.Length ? _codecs[found].Decode(record) : DecodeOther(record);
    }

    // The kernel stores a size of four bytes before the record, and makes both together a multiple of eight.
    private static int PaddedLength(int size) => ((size + sizeof(uint) + 7) & ~7) - sizeof(uint);

    private object DecodeOther(ReadOnlySpan<byte> record)
    {
        foreach (BtfCodec codec in _codecs)
        {
            if (codec.HasTail && record.Length >= codec.Size)
            {
                return codec.Decode(WithoutPadding(record, codec));
            }
            // Without the padding behind its last field.
            if (record.Length < codec.Size && record.Length >= ContentSize(codec))
            {
                byte[] whole = new byte[codec.Size];
                record.CopyTo(whole);
                return codec.Decode(whole);
            }
            if (codec is StructCodec type && record.Length < codec.Size && record.Length >= type.LeastSize)
            {
                return type.DecodeCut(WithoutPadding(record, codec));
            }
        }
        if (_codecs.Length > 0 && !_warned)
        {
            _warned = true;
            warn($"A record of {record.Length} bytes came from the map {map}, whose events are {string.Join(" or ", _codecs.Select(codec => $"{codec.CName} ({codec.Size} bytes)"))}: " +
                $"what is of no such size is given as bytes. {advise?.Invoke(record.Length)}");
        }
        return record.ToArray();
    }

    // Strings end with a NUL; behind the last one is what the buffer had before.
    private ReadOnlySpan<byte> WithoutPadding(ReadOnlySpan<byte> record, BtfCodec codec)
    {
        if (!isPadded || codec is not StructCodec { Fields: [.., { Codec: TextCodec } text] } || record.Length <= text.Offset)
        {
            return record;
        }
        int end = record.LastIndexOf((byte)0) + 1;
        return end > text.Offset && end > record.Length - 8 ? record[..end] : record;
    }

    private static int ContentSize(BtfCodec codec) => codec is not StructCodec type ? codec.Size
        : type.Fields.Select(field => field.BitSize > 0 ? (field.BitOffset + field.BitSize + 7) / 8 : field.Offset + field.Codec.Size).DefaultIfEmpty(codec.Size).Max();
}
