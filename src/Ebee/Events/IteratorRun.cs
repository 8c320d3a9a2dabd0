using Ebee.Programs;

namespace Ebee.Events;

/// <summary>How an iterator's output is read.</summary>
/// <param name="Program">The iterator.</param>
/// <param name="RecordSize">Bytes of a record; null for lines of text.</param>
/// <param name="Decode">Makes an object of a record or of a line.</param>
/// <param name="Count">Called for each.</param>
/// <param name="Warn">Takes what is to be said of the output.</param>
internal sealed record IteratorRun(IteratorProgram Program, int? RecordSize, IteratorRun.Decoder Decode, Action Count, Action<string> Warn)
{
    internal delegate object Decoder(ReadOnlySpan<byte> record);
}
