using System.Globalization;
using System.Management.Automation;
using Ebee.Events;

namespace Ebee.PowerShell.Commands;

/// <summary>Reads 10s, 5m, 00:05:00 and a number of seconds; PowerShell itself would take a number for ticks.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if ((inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is TimeSpan time)
        {
            return time >= TimeSpan.Zero ? time : throw new ArgumentTransformationMetadataException($"'{time}' is negative. Give 10s, 5m or 00:05:00.");
        }
        try
        {
            // Typed without quotes, 2d is a decimal and 0.4s a short to PowerShell; a wrapped number still has its text.
            return Duration.Parse((inputData is PSObject ? inputData.ToString() : Convert.ToString(inputData, CultureInfo.InvariantCulture)) ?? "");
        }
        catch (EbpfException e)
        {
            throw new ArgumentTransformationMetadataException($"{e.Message} {e.RecommendedAction}", e);
        }
    }
}
