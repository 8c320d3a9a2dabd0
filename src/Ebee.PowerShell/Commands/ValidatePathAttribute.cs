using System.Management.Automation;

namespace Ebee.PowerShell.Commands;

/// <summary>Refuses what cannot be a path on Linux: nothing, and text with a NUL character.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidatePathAttribute : ValidateEnumeratedArgumentsAttribute
{
    internal static bool IsPath(string? path) => !string.IsNullOrEmpty(path) && !path.Contains('\0');

    /// <inheritdoc/>
    protected override void ValidateElement(object element)
    {
        if (!IsPath(element as string))
        {
            throw new ValidationMetadataException("A path is not empty and has no NUL character.");
        }
    }
}
