using System.Globalization;
using System.Numerics;

namespace Ebee.Btf;

/// <summary>Whole numbers as people and scripts give them.</summary>
internal static class Numbers
{
    /// <summary>The number that a value is or, as text, names: decimal or hexadecimal with 0x.</summary>
    public static bool TryGet(object? value, out BigInteger number)
    {
        switch (value)
        {
            case string text:
                return TryParse(text.Trim(), out number);
            case Enum enumerator:
                return TryGet(Convert.ChangeType(enumerator, Enum.GetUnderlyingType(enumerator.GetType())), out number);
            case bool or sbyte or byte or short or ushort or int or uint or long or char:
                number = Convert.ToInt64(value);
                return true;
            case ulong wide:
                number = wide;
                return true;
            case BigInteger big:
                number = big;
                return true;
            case nint native:
                number = native;
                return true;
            case nuint native:
                number = native;
                return true;
            case UInt128 wide:
                number = wide;
                return true;
            case Int128 wide:
                number = wide;
                return true;
            case decimal fraction when decimal.IsInteger(fraction):
                number = new BigInteger(fraction);
                return true;
            case float or double when double.IsInteger(Convert.ToDouble(value)):
                number = new BigInteger(Convert.ToDouble(value));
                return true;
            default:
                number = default;
                return false;
        }
    }

    private static bool TryParse(string text, out BigInteger number)
    {
        bool isNegative = text.StartsWith('-');
        ReadOnlySpan<char> digits = text.AsSpan(isNegative || text.StartsWith('+') ? 1 : 0);
        bool isParsed = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? BigInteger.TryParse($"0{digits[2..]}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number) && digits.Length is > 2 and < 64
            : BigInteger.TryParse(digits.Length < 64 ? digits : default, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        number = isNegative ? -number : number;
        return isParsed;
    }
}
