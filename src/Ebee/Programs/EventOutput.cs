namespace Ebee.Programs;

/// <summary>A place in a program where it writes a record.</summary>
/// <param name="MapFd">The descriptor of the map that it is written into; null for an iterator's output.</param>
/// <param name="Size">The record's bytes; null when they are not the same each time.</param>
/// <param name="IsText">Whether it is an iterator's printed text.</param>
internal readonly record struct EventOutput(int? MapFd, int? Size, bool IsText = false);
