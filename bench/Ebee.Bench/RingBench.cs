using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ebee.Events;
using Ebee.Native;

namespace Ebee.Bench;

/// <summary>The ring reader against libbpf's callback reader: the same ring, full of 64-byte records, in turn.</summary>
internal static class RingBench
{
    private const int RecordSize = 64;
    private const uint RingSize = 8 << 20;
    private const int WarmUp = 100;
    private const int Rounds = 201;

    public static Measure Run()
    {
        // Both readers and the filler on one CPU, so that each finds the ring in the same caches.
        using Process self = Process.GetCurrentProcess();
        nint before = self.ProcessorAffinity;
        self.ProcessorAffinity = 1 << (Environment.ProcessorCount - 1);
        try
        {
            List<double> ours = [], libbpfs = [];
            byte[] record = new byte[RecordSize];
            record[0] = 1;
            using RingFiller filler = new(record);
            using RingBufferReader own = new(KernelObjects.Duplicate(filler.RingFd), RingSize);
            using Child reader = new(Paths.RingReader, $"{Descriptors.FindRing(Environment.ProcessId)}");
            for (int round = -WarmUp; round < Rounds; round++)
            {
                MoveToEnd(own);
                filler.Fill();
                (long records, double nanoseconds) = Read(own);
                filler.Fill();
                (long theirRecords, double theirNanoseconds) = Read(reader);
                if (records != theirRecords || records < RingSize / (RecordSize + 8) - 1)
                {
                    throw new InvalidOperationException($"Ebee read {records} records, libbpf {theirRecords}.");
                }
                if (round >= 0)
                {
                    ours.Add(nanoseconds / records);
                    libbpfs.Add(theirNanoseconds / records);
                }
            }
            return new Measure("ring reader, ns per 64-byte record", Statistics.Spread(ours, "0.00"),
                "libbpf " + Statistics.Spread(libbpfs, "0.00"), Statistics.Median(ours) / Statistics.Median(libbpfs), 1.0);
        }
        finally
        {
            self.ProcessorAffinity = before;
        }
    }

    private static (long Records, double Nanoseconds) Read(RingBufferReader reader)
    {
        long start = Stopwatch.GetTimestamp();
        (long records, ulong sum) = Drain(reader);
        double nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        return sum == (ulong)records ? (records, nanoseconds) : throw new InvalidOperationException("A record was misread.");
    }

    // A ring has one reader, which keeps its place: here another has read since.
    private static void MoveToEnd(RingBufferReader reader) => Position(reader) = Limit(reader) = reader.Produced;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_position")]
    private static extern ref ulong Position(RingBufferReader reader);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_limit")]
    private static extern ref ulong Limit(RingBufferReader reader);

    private static (long Records, ulong Sum) Drain(RingBufferReader reader)
    {
        long records = 0;
        ulong sum = 0;
        while (reader.TryRead(out ReadOnlySpan<byte> record))
        {
            records++;
            sum += MemoryMarshal.Read<ulong>(record);
        }
        return (records, sum);
    }

    private static (long Records, double Nanoseconds) Read(Child reader)
    {
        reader.WriteLine();
        string[] answer = reader.ReadLine().Split(' ');
        long records = long.Parse(answer[0], CultureInfo.InvariantCulture);
        return answer[2] == answer[0]
            ? (records, double.Parse(answer[1], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException("A record was misread by the C reader.");
    }
}
