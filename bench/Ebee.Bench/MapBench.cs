using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Ebee.Maps;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Bench;

/// <summary>The reader of a map's entries against a loop in C over the batch call: the same map of a million entries, in turn.</summary>
internal static class MapBench
{
    private const int Entries = 1_000_000;
    private const int KeySize = sizeof(uint), ValueSize = sizeof(ulong);
    private const uint Hash = 1; // BPF_MAP_TYPE_HASH
    private const int WarmUp = 5;
    private const int Rounds = 31;

    public static IEnumerable<Measure> Run()
    {
        using SafeFileHandle handle = Fill();
        using HostInventory inventory = new(withHolders: false);
        EbpfMap map = inventory.Map(handle, types: null);
        using MapAccess access = new(map);
        using Child reader = new(Paths.MapReader, $"{map.Id}", $"{RawEntryReader.BatchBytes / (KeySize + ValueSize)}");
        List<double> ours = [], objects = [], theirs = [];
        for (int round = -WarmUp; round < Rounds; round++)
        {
            double raw = Time(() => Sum(access));
            double entries = Time(() => access.All().LongCount());
            reader.WriteLine();
            string[] answer = reader.ReadLine().Split(' ');
            if (answer[0] != $"{Entries}")
            {
                throw new InvalidOperationException($"The C reader read {answer[0]} entries.");
            }
            if (round >= 0)
            {
                ours.Add(raw);
                objects.Add(entries);
                theirs.Add(double.Parse(answer[1], CultureInfo.InvariantCulture) / Entries);
            }
        }
        string c = "C " + Statistics.Spread(theirs, "0.0");
        yield return new Measure("map reader, ns per entry of 1,000,000", Statistics.Spread(ours, "0.0"), c, Statistics.Median(ours) / Statistics.Median(theirs), 1.2);
        yield return new Measure("the same, with an object for each", Statistics.Spread(objects, "0.0"), c, Statistics.Median(objects) / Statistics.Median(theirs), 2.5);
    }

    private static double Time(Func<long> read)
    {
        long start = Stopwatch.GetTimestamp();
        long entries = read();
        double nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        return entries == Entries ? nanoseconds / Entries : throw new InvalidOperationException($"Ebee read {entries} entries.");
    }

    private static long Sum(MapAccess access)
    {
        using RawEntryReader reader = access.ReadRaw();
        long entries = 0;
        ulong sum = 0;
        while (reader.TryRead(out _, out ReadOnlySpan<byte> value))
        {
            entries++;
            sum += MemoryMarshal.Read<ulong>(value);
        }
        return sum == (ulong)Entries * (Entries - 1) / 2 ? entries : throw new InvalidOperationException("A value was misread.");
    }

    private static unsafe SafeFileHandle Fill()
    {
        int fd = Native.LibBpf.bpf_map_create(Hash, "ebee_bench", KeySize, ValueSize, Entries, null);
        SafeFileHandle handle = fd >= 0 ? new(fd, ownsHandle: true) : throw new InvalidOperationException($"The map was not made: {fd}.");
        for (uint key = 0; key < Entries; key++)
        {
            ulong value = key;
            if (Native.LibBpf.bpf_map_update_elem(fd, &key, &value, 0) < 0)
            {
                throw new InvalidOperationException("The map was not filled.");
            }
        }
        return handle;
    }
}
