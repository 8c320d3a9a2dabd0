namespace Ebee.Programs;

/// <summary>A place in a program where it writes a record.</summary>
/// <param name="MapFd">The descriptor of the map that it is written into; null for an iterator's output.</param>
/// <param name="Size">The record's bytes; null when they are not the same each time.</param>
/// <param name="IsText">Whether it is an iterator's printed text.</param>
/// <param name="BuiltInFd">The descriptor of the map whose entry is written, as records beyond the stack's 512 bytes are; null for others.</param>
internal readonly record struct EventOutput(int? MapFd, int? Size, bool IsText = false, int? BuiltInFd = null)
{
    /// <summary>The name of the map that <see cref="BuiltInFd"/> is of.</summary>
    public string? BuiltIn { get; init; }
}
