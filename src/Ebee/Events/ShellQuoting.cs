using System.Buffers;
using System.Text;

namespace Ebee.Events;

/// <summary>Writes an argument list so that a POSIX shell reads the same list from it.</summary>
internal static class ShellQuoting
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-");

    private static readonly string[] Reserved =
        ["if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "in", "function", "select", "time", "coproc"];

    public static string Join(ReadOnlySpan<string> arguments)
    {
        StringBuilder line = new();
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (i > 0)
            {
                line.Append(' ');
            }
            // As a command's name, a=b would assign and "if" would begin a statement.
            bool plain = argument.Length > 0 && !argument.AsSpan().ContainsAnyExcept(Plain)
                && (i > 0 || (!argument.Contains('=', StringComparison.Ordinal) && !Reserved.Contains(argument)));
            if (plain)
            {
                line.Append(argument);
            }
            else
            {
                line.Append('\'').Append(argument.Replace("'", @"'\''", StringComparison.Ordinal)).Append('\'');
            }
        }
        return line.ToString();
    }
}
