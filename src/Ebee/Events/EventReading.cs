using System.IO.Enumeration;
using Ebee.Btf;
using Ebee.Programs;

namespace Ebee.Events;

/// <summary>Chooses what is read of probes, and as what.</summary>
internal static class EventReading
{
    /// <summary>
    /// What reads their events. A probe with iterators is read by running these once, unless maps are asked for. The result is to be
    /// disposed of.
    /// </summary>
    /// <param name="probes">The probes, each with the names of its maps that are wanted, <c>*</c> and <c>?</c> allowed; none for all.</param>
    /// <param name="options">How.</param>
    /// <exception cref="EbpfException">There is nothing to read, somebody reads it, or the type is not known.</exception>
    public static IEventSource<object> Open(IReadOnlyList<(ProbeEvents Events, IReadOnlyList<string> Maps)> probes, EventOptions options)
    {
        ProbeEvents[] iterating = [.. probes.Where(probe => probe.Maps.Count == 0 && probe.Events.Iterators.Count > 0).Select(probe => probe.Events)];
        return iterating.Length == 0 ? new EventReader(probes.GroupBy(probe => probe.Events, probe => probe.Maps)
                .Select(probe => (probe.Key, Buffers(probe.Key, [.. probe.SelectMany(maps => maps)], options))))
            : iterating.Length == probes.Count ? new IteratorReader([.. iterating.SelectMany(probe => probe.Iterators.Select(iterator => Run(probe, iterator, options)))])
            : throw new EbpfException(EbpfError.InvalidArgument, "Some of these probes have iterators, which end, and others events, which do not.",
                $"Read them one after the other: Get-EbpfEvent {iterating[0].Owner}.");
    }

    private static IReadOnlyList<(EventBuffer, RecordDecoder)> Buffers(ProbeEvents probe, IReadOnlyList<string> maps, EventOptions options)
    {
        List<EventBuffer> chosen = [.. probe.Buffers.Where(buffer => maps.Count == 0
            || maps.Any(name => FileSystemName.MatchesSimpleExpression(name, buffer.Name, ignoreCase: false)))];
        if (chosen.Count == 0)
        {
            throw probe.Buffers.Count == 0
                ? new EbpfException(EbpfError.MapNotFound, $"{probe.Owner} has no map that events are written into.",
                    "That is a ring buffer (BPF_MAP_TYPE_RINGBUF) or a perf event array. Entries of other maps: Get-EbpfMapEntry; what programs print: Get-EbpfTrace.")
                : new EbpfException(EbpfError.MapNotFound, $"{probe.Owner} has no map of events '{string.Join("', '", maps)}'.",
                    $"It has these: {string.Join(", ", probe.Buffers.Select(buffer => buffer.Name))}.");
        }
        IReadOnlyList<BtfBlob> types = options.Raw ? [] : probe.Types;
        return [.. chosen.Select(buffer => (buffer, new RecordDecoder(buffer.Name,
            RecordTypes.Find(buffer.Name, isRing: !buffer.IsPadded, buffer.Outputs, types, options),
            buffer.IsPadded, options.OnWarning ?? (static _ => { }), size => RecordTypes.Advice(size, buffer.IsPadded, types))))];
    }

    private static IteratorRun Run(ProbeEvents probe, IteratorProgram iterator, EventOptions options)
    {
        Action<string> warn = options.OnWarning ?? (static _ => { });
        EventOutput[] records = [.. iterator.Outputs.Where(output => output is { MapFd: null, IsText: false })];
        if (!iterator.WritesRecords && options.EventType is null)
        {
            return new IteratorRun(iterator, null, options.Raw ? static line => line.ToArray() : static line => System.Text.Encoding.UTF8.GetString(line),
                probe.Count, warn);
        }
        IReadOnlyList<BtfCodec> codecs = RecordTypes.Find(iterator.Name, isRing: false, records, options.Raw ? [] : probe.Types, options);
        int[] sizes = [.. records.Select(record => record.Size ?? 0).Concat(codecs.Select(codec => codec.Size)).Distinct()];
        return sizes is [> 0 and int size]
            ? new IteratorRun(iterator, size, codecs.Count == 0 ? static record => record.ToArray() : record => codecs[0].Decode(record), probe.Count, warn)
            : options.EventType is not null && records.Select(record => record.Size).Distinct().ToArray() is [{ } written]
            ? throw new EbpfException(EbpfError.EventTypeUnknown, $"The iterator {iterator.Name} writes records of {written} bytes, and {codecs[0].CName} has {codecs[0].Size}.",
                RecordTypes.Advice(written, isPadded: false, probe.Types))
            : throw new EbpfException(EbpfError.EventTypeUnknown, $"The iterator {iterator.Name} writes records of several sizes: where one ends cannot be told.",
                "Have it write one struct (bpf_seq_write), or text (BPF_SEQ_PRINTF).");
    }
}
