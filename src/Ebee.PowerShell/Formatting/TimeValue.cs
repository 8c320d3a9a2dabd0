using System.Globalization;
using System.Management.Automation;

namespace Ebee.PowerShell.Formatting;

/// <summary>A local DateTime whose text is the same in every language, with 100 ns and its offset: what Export-Csv writes.</summary>
internal sealed class TimeValue(DateTimeOffset time) : PSObject(time.LocalDateTime)
{
    public override string ToString() => ((DateTime)BaseObject).ToString("O", CultureInfo.InvariantCulture);
}
