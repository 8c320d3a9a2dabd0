using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ebee.Cli;

/// <summary>One JSON object a line. What is not plain ASCII is escaped, so a terminal is safe too.</summary>
internal sealed class JsonOutput(JsonTypeInfo type) : EventOutput
{
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private readonly Utf8JsonWriter _writer = new(Stream.Null);

    public override void Write(object e)
    {
        _line.ResetWrittenCount();
        _writer.Reset(_line);
        JsonSerializer.Serialize(_writer, e, type);
        _writer.Flush();
        _line.Write("\n"u8);
        Send(_line.WrittenSpan);
    }

    public override void Dispose()
    {
        _writer.Dispose();
        base.Dispose();
    }
}
