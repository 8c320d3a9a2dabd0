using System.Text.RegularExpressions;

namespace Ebee.Programs;

/// <summary>
/// What the preprocessor left of a C source, looked through at file scope: which sections it names, and which types it
/// defines. What comes from the system's headers is left out, and so are the kernel's types, which a vmlinux.h of whatever name declares
/// with the attribute preserve_access_index for all.
/// </summary>
internal sealed partial class PreprocessedSource
{
    private readonly List<string> _declaration = []; // since the last one ended, without attributes and without what is in braces
    private int _taken; // of these, those that have no attributes any more

    /// <summary>Looks through clang -E's output.</summary>
    public PreprocessedSource(string text)
    {
        bool isOwn = false;
        int braces = 0, attributes = 0, kernels = 0; // depths of #pragma clang attribute push
        foreach (string line in text.Split('\n'))
        {
            if (LineMarker().Match(line) is { Success: true } marker)
            {
                // Flag 3: from a system header. <built-in>, <stdin> and the like are Ebee's and clang's own.
                isOwn = !marker.Groups["flags"].Value.Contains('3', StringComparison.Ordinal) && !IsPredefined(marker.Groups["file"].Value);
            }
            else if (AttributePragma().Match(line) is { Success: true } pragma)
            {
                attributes += pragma.Groups["push"].Success ? 1 : -1;
                kernels = kernels > attributes ? 0 : kernels == 0 && pragma.Groups["core"].Success ? attributes : kernels;
            }
            else if (isOwn && kernels == 0 && !line.StartsWith('#'))
            {
                foreach (Match token in Token().Matches(line))
                {
                    braces = Add(token.Value, braces);
                }
            }
        }
        IsBalanced = braces == 0;
    }

    /// <summary>The types defined at file scope, as a declaration names them: struct event, event_t.</summary>
    public List<string> Types { get; } = [];

    /// <summary>Whether a function is in a section that says what kind of program it is.</summary>
    public bool HasProgram { get; private set; }

    /// <summary>Whether it names a section by SEC(), which no header has defined.</summary>
    public bool HasUndefinedSec { get; private set; }

    /// <summary>Whether it says its licence.</summary>
    public bool HasLicense { get; private set; }

    /// <summary>Whether each brace that opens closes.</summary>
    public bool IsBalanced { get; }

    private int Add(string token, int braces)
    {
        switch (token)
        {
            case "{":
                if (braces == 0)
                {
                    TakeAttributes();
                    _declaration.Add("{");
                }
                return braces + 1;
            case "}":
                if (braces == 1 && !IsAggregate(out _) && !IsInitializer())
                {
                    Clear(); // a function's body
                }
                return braces - 1;
            case ";" when braces == 0:
                TakeAttributes();
                TakeType();
                Clear();
                return braces;
            default:
                if (braces == 0)
                {
                    HasUndefinedSec |= token == "(" && _declaration is [.., "SEC"];
                    _declaration.Add(token);
                }
                return braces;
        }
    }

    // Removes __attribute__((…)), and notes which sections they name.
    private void TakeAttributes()
    {
        int kept = _taken;
        for (int at = _taken; at < _declaration.Count;)
        {
            string token = _declaration[at++];
            if (token is not ("__attribute__" or "__attribute"))
            {
                _declaration[kept++] = token;
                continue;
            }
            int depth = 0;
            do
            {
                if (at == _declaration.Count)
                {
                    break;
                }
                depth += _declaration[at] switch { "(" => 1, ")" => -1, _ => 0 };
                if (_declaration[at] is "section" && at + 2 < _declaration.Count)
                {
                    string section = _declaration[at + 2].Trim('"');
                    HasLicense |= section == "license";
                    HasProgram |= section is not ("license" or "version" or "maps") && !section.StartsWith('.');
                }
                at++;
            }
            while (depth > 0);
        }
        _declaration.RemoveRange(kept, _declaration.Count - kept);
        _taken = kept;
    }

    private void Clear()
    {
        _declaration.Clear();
        _taken = 0;
    }

    // struct event { … }, or typedef struct { … } event_t.
    private void TakeType()
    {
        if (!IsAggregate(out string? name))
        {
            return;
        }
        if (name is null && _declaration[0] == "typedef")
        {
            name = _declaration.Skip(_declaration.IndexOf("{")).FirstOrDefault(token => IsName(token) && token is not ("const" or "volatile"));
        }
        if (name is not null)
        {
            Types.Add(name);
        }
    }

    private bool IsAggregate(out string? name)
    {
        int brace = _declaration.IndexOf("{");
        name = null;
        if (brace >= 2 && IsKeyword(_declaration[brace - 2]) && IsName(_declaration[brace - 1]))
        {
            name = $"{_declaration[brace - 2]} {_declaration[brace - 1]}";
            return true;
        }
        return brace >= 1 && IsKeyword(_declaration[brace - 1]);
    }

    private bool IsInitializer() => _declaration.IndexOf("{") is > 0 and int brace && _declaration[brace - 1] == "=";

    private static bool IsKeyword(string token) => token is "struct" or "union" or "enum";

    private static bool IsName(string token) => char.IsLetter(token[0]) || token[0] == '_';

    private static bool IsPredefined(string file) => file.StartsWith('<');

    [GeneratedRegex("""^# \d+ "(?<file>(?:[^"\\]|\\.)*)"(?<flags>[ 0-9]*)$""")]
    private static partial Regex LineMarker();

    [GeneratedRegex("""^#pragma clang attribute (?:\w+\.)?(?:(?<push>push)\b(?:.*(?<core>preserve_access_index))?|pop\b)""")]
    private static partial Regex AttributePragma();

    // A literal that does not end goes to the line's end.
    [GeneratedRegex("""[A-Za-z_]\w*|"(?>(?:[^"\\]|\\.)*)"?|'(?>(?:[^'\\]|\\.)*)'?|\S""")]
    private static partial Regex Token();
}
