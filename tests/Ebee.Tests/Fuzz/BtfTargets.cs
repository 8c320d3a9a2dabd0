using Ebee.Btf;
using Ebee.Events;
using Ebee.Maps;

namespace Ebee.Tests.Fuzz;

/// <summary>BTF, and what is made of it.</summary>
internal static class BtfTargets
{
    private const int LargestValue = 1 << 16; // bytes
    private const long MostBlobs = 20_000; // the classes of their types are never freed

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.Bytes("BTF", Blobs, data => Walk(BtfBlob.Parse(data).CheckReferences()), typeof(InvalidDataException)),
        FuzzTarget.Bytes("BTF codecs", Blobs, MakeValues) with { MostInputs = MostBlobs },
        FuzzTarget.Bytes("BTF as a header", Blobs, MakeHeader, typeof(EbpfException)) with { Limit = TimeSpan.FromSeconds(70) }, // libbpf's, which is ended after 60
    ];

    internal static byte[][] Blobs() =>
        [.. new[] { BpfCause.Object("values"), BpfCause.Object("varied"), Repository.BpfObject("exec") }.Select(path => ElfSection.Find(File.ReadAllBytes(path), ".BTF").ToArray())];

    private static void Walk(BtfBlob blob)
    {
        _ = EventTypes.Names(blob).Count();
        foreach (BtfType type in blob.Types.Where(type => type.Kind is BtfKind.Variable or BtfKind.Struct && type.Name.Length > 0).Take(50))
        {
            _ = EventTypes.Declared(blob, type.Name);
            _ = MapDefinition.TypesOf(blob, type.Name);
            _ = EventTypes.Named(blob, type.Name);
        }
        if (blob.Types.Count > 1)
        {
            _ = EventTypes.Choose(blob, [blob.Types[^1]]);
        }
        // What was read can be written and read again.
        Assert.Equal(blob.Types.Count, BtfBlob.Parse(BtfWriter.Write(blob.Types)).Types.Count);
    }

    // Of a few types. Once a type is taken, its values are.
    private static void MakeValues(byte[] data)
    {
        Random random = new(data.Length);
        BtfBlob? blob = TryMake(() => BtfBlob.Parse(data));
        for (int tries = 0; blob is not null && tries < 4; tries++)
        {
            if (TryMake(() => BtfCodec.For(blob, random.Next(blob.Types.Count))) is { Size: <= LargestValue } codec)
            {
                MakeValue(codec, random);
            }
        }
    }

    // Null when it is refused.
    private static T? TryMake<T>(Func<T> make) where T : class
    {
        try
        {
            return make();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    // Of a record of the right length, and of one of another.
    private static void MakeValue(BtfCodec codec, Random random)
    {
        byte[] record = new byte[codec.Size + 16], written = new byte[codec.Size];
        random.NextBytes(record);
        object value = codec.Decode(record.AsSpan(0, codec.Size));
        string text = ValueText.Of(value);
        foreach (var property in value is EbpfStruct ? value.GetType().GetProperties() : [])
        {
            _ = property.GetValue(value);
        }
        if (codec is not (TextCodec or ArrayCodec)) // text that is no UTF-8 becomes longer
        {
            codec.Encode(value, written);
            Assert.Equal(text, ValueText.Of(codec.Decode(written)));
        }
        RecordDecoder decoder = new("map", [codec], isPadded: random.Next(2) == 0, _ => { });
        _ = ValueText.Of(decoder.Decode(record.AsSpan(0, random.Next(record.Length))));
    }

    private static void MakeHeader(byte[] data)
    {
        string path = Path.Combine(TestFolder.Root, "fuzz.btf");
        File.WriteAllBytes(path, data);
        _ = TypeHeader.Make(path);
    }
}
