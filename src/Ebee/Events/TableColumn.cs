namespace Ebee.Events;

/// <summary>A column of a tracer's table.</summary>
/// <param name="Header">Its title.</param>
/// <param name="Width">Characters; the last column takes what is left.</param>
/// <param name="Value">The cell of an event, raw: whoever prints it escapes it.</param>
public sealed record TableColumn(string Header, int Width, Func<object, string?> Value);
