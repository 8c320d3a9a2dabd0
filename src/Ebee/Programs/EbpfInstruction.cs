namespace Ebee.Programs;

/// <summary>An instruction of a program as the verifier left it, with the line of its source.</summary>
public sealed class EbpfInstruction
{
    internal EbpfInstruction()
    {
    }

    /// <summary>The id of the program.</summary>
    public uint ProgramId { get; internal init; }

    /// <summary>The program's name.</summary>
    public string ProgramName { get; internal init; } = "";

    /// <summary>The function that it is in: the program's own, or one that it calls; null when the program has no BTF.</summary>
    public string? Function { get; internal init; }

    /// <summary>Its number in the program, from 0. A 64-bit constant takes two.</summary>
    public int Index { get; internal init; }

    /// <summary>Its 8 bytes in hexadecimal, 16 with a 64-bit constant.</summary>
    public string Opcode { get; internal init; } = "";

    /// <summary>What it does, as bpftool prog dump xlated writes it.</summary>
    public string Text { get; internal init; } = "";

    /// <summary>What its line of the source says; null when the program has no line information, or the compiler made it for no line.</summary>
    public string? SourceLine { get; internal init; }

    /// <summary>The file that the line is in, as the compiler was given it; null when the program has no line information.</summary>
    public string? SourceFile { get; internal init; }

    /// <summary>The line's number, from 1; null as above.</summary>
    public int? LineNumber { get; internal init; }

    /// <summary>The column in the line, from 1, or 0 for the line as a whole; null as above.</summary>
    public int? ColumnNumber { get; internal init; }
}
