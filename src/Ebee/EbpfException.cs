namespace Ebee;

/// <summary>An error with a stable id and an action that a person can type.</summary>
public sealed class EbpfException : Exception
{
    private readonly List<Exception> _others = [];

    /// <summary>Makes an error.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="message">One sentence that names the input.</param>
    /// <param name="action">What to type next.</param>
    /// <param name="details">What the kernel or libbpf said, whole.</param>
    /// <param name="inner">The error beneath.</param>
    public EbpfException(EbpfError error, string message, string action, string details = "", Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
        RecommendedAction = action;
        Details = details;
    }

    /// <summary>What went wrong, and what went wrong besides while that was cleaned up.</summary>
    public override string Message => _others.Count == 0 ? base.Message
        : $"{base.Message} Besides: {string.Join(" ", _others.Select(other => other.Message))}";

    /// <summary>What went wrong.</summary>
    public EbpfError Error { get; }

    /// <summary>The stable id, such as <c>EbpfPermissionDenied</c>.</summary>
    public string ErrorId => "Ebpf" + Error;

    /// <summary>What to type next.</summary>
    public string RecommendedAction { get; }

    /// <summary>What the kernel or libbpf said, whole; empty when they said nothing.</summary>
    public string Details { get; }

    /// <summary>The program that the kernel's verifier refused; null for other errors.</summary>
    public string? ProgramName { get; internal init; }

    /// <summary>The source file that a compiler or the verifier complains of; null when they name none.</summary>
    public string? SourceFile { get; internal init; }

    /// <summary>The line in that file, from 1; null when they name none.</summary>
    public int? LineNumber { get; internal init; }

    /// <summary>What the line says; null when they do not show it.</summary>
    public string? SourceLine { get; internal init; }

    /// <summary>Adds what went wrong while this error was cleaned up.</summary>
    internal void Add(Exception other) => _others.Add(other);
}
