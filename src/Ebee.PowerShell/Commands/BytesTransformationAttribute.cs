using System.Globalization;
using System.Management.Automation;

namespace Ebee.PowerShell.Commands;

/// <summary>Reads bytes as hexadecimal digits: 0001ff, 00 01 ff, 00:01:ff, 0x0001ff. What is an array of bytes stays it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BytesTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        // Typed without quotes, digits are a number to PowerShell; one that is wrapped still has its text.
        if ((inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is not (string or ValueType))
        {
            return inputData;
        }
        string text = (inputData is PSObject ? inputData.ToString() : Convert.ToString(inputData, CultureInfo.InvariantCulture)) ?? "";
        string digits = string.Concat(text.Split([' ', ':', '-', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? part[2..] : part));
        try
        {
            return Convert.FromHexString(digits);
        }
        catch (FormatException e)
        {
            throw new ArgumentTransformationMetadataException($"'{text}' is no text of hexadecimal bytes. Give 00 01 ff, 0001ff or an array of bytes.", e);
        }
    }
}
