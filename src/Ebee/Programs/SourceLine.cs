namespace Ebee.Programs;

/// <summary>A line of a program's source.</summary>
/// <param name="File">Its file as the compiler was given it; empty when it is not known.</param>
/// <param name="Number">Its number in the file, from 1; 0 when it is not known.</param>
/// <param name="Text">What it says.</param>
internal sealed record SourceLine(string File, int Number, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => File.Length > 0 ? $"{File}:{Number}: {Text}" : Text;
}
