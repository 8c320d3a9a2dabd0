using System.Globalization;

namespace Ebee.Host;

/// <summary>The tracepoints of the running kernel, as tracefs shows them.</summary>
internal static class Tracepoints
{
    /// <summary>Their names as category:name, sorted.</summary>
    public static string[] Names(string tracefs) => Names(Tracefs.Read(Path.Combine(tracefs, "available_events")), sort: true);

    /// <summary>One of them; null when it went away meanwhile, with its module.</summary>
    public static EbpfTracepoint? Read(string tracefs, string fullName)
    {
        int colon = fullName.IndexOf(':', StringComparison.Ordinal);
        string category = fullName[..colon], name = fullName[(colon + 1)..];
        string path = Path.Combine(tracefs, "events", category, name, "format");
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            return Parse(category, name, Tracefs.Read(path));
        }
        catch (InvalidDataException e)
        {
            throw Tracefs.CannotRead(path, e.Message, isPermission: false, e);
        }
    }

    /// <summary>The number by which perf_event_open knows one of them.</summary>
    /// <exception cref="EbpfException">There is none of that name, or tracefs cannot be read.</exception>
    public static int IdOf(string category, string name)
    {
        string tracefs = Tracefs.Folder();
        string path = Path.Combine(tracefs, "events", category, name, "id");
        // The names may be those of somebody's object file: they are to be names, not paths to elsewhere.
        if (!IsName(category) || !IsName(name) || !File.Exists(path))
        {
            throw NotFound($"{category}:{name}", Names(tracefs));
        }
        string id = Tracefs.Read(path);
        return int.TryParse(id.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw Tracefs.CannotRead(path, "It has no number.", isPermission: false);
    }

    /// <summary>The error for a name that the kernel does not have; it names those most like it.</summary>
    public static EbpfException NotFound(string name, IEnumerable<string> names)
    {
        bool hasCategory = name.Contains(':', StringComparison.Ordinal);
        string[] nearest = NearestNames.Of(name, names, hasCategory ? null : full => full[(full.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        return new EbpfException(EbpfError.TracepointNotFound, $"The kernel has no tracepoint '{name}'.",
            nearest.Length > 0 ? $"The nearest are {string.Join(", ", nearest)}. Use wildcards to look: Get-EbpfTracepoint '*exec*'."
                : "Use wildcards to look: Get-EbpfTracepoint '*exec*'.");
    }

    internal static string[] Names(string list, bool sort)
    {
        // Newer kernels may add :mod: and a module.
        string[] names = [.. list.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(':')).Where(parts => parts.Length >= 2 && parts[0].Length > 0 && parts[1].Length > 0)
            .Select(parts => $"{parts[0]}:{parts[1]}").Distinct(StringComparer.Ordinal)];
        if (sort)
        {
            Array.Sort(names, StringComparer.Ordinal);
        }
        return names;
    }

    /// <summary>Reads a format file. What it does not have is left empty; an id it must have.</summary>
    /// <exception cref="InvalidDataException">This is no format file.</exception>
    internal static EbpfTracepoint Parse(string category, string name, string text)
    {
        int id = -1;
        string format = "";
        List<EbpfTracepointField> fields = [];
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.StartsWith("ID:", StringComparison.Ordinal))
            {
                id = Number(line.AsSpan(3));
            }
            else if (line.StartsWith("\tfield:", StringComparison.Ordinal))
            {
                fields.Add(Field(line));
            }
            else if (line.StartsWith("print fmt:", StringComparison.Ordinal))
            {
                format = string.Join('\n', lines[i..])[10..].Trim();
                break;
            }
        }
        return id >= 0 ? new EbpfTracepoint(category, name, id, [.. fields], format) : throw new InvalidDataException("It has no ID.");
    }

    // A tab, field:<declaration>;, offset:<n>;, size:<n>;, signed:<0|1>;, with tabs between.
    private static EbpfTracepointField Field(string line)
    {
        int end = line.LastIndexOf(";\toffset:", StringComparison.Ordinal);
        if (end < 7)
        {
            throw new InvalidDataException($"A field has no offset: {line.Trim()}");
        }
        int offset = 0, size = 0;
        bool isSigned = false;
        foreach (string part in line[(end + 1)..].Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = part.IndexOf(':', StringComparison.Ordinal);
            int value = colon < 0 ? throw new InvalidDataException($"A field has no value: {part}") : Number(part.AsSpan(colon + 1));
            switch (part[..colon])
            {
                case "offset":
                    offset = value;
                    break;
                case "size":
                    size = value;
                    break;
                case "signed":
                    isSigned = value != 0;
                    break;
                default: // a newer kernel's
                    break;
            }
        }
        (string name, string type) = Declaration(line[7..end].Trim());
        return new EbpfTracepointField(name, type, offset, size, isSigned);
    }

    // "char comm[16]" is comm, of the type char[16].
    internal static (string Name, string Type) Declaration(string text)
    {
        int bracket = text.Length;
        while (bracket > 0 && text[bracket - 1] == ']' && text.LastIndexOf('[', bracket - 1) is >= 0 and int open)
        {
            bracket = open;
        }
        int start = bracket;
        while (start > 0 && (char.IsAsciiLetterOrDigit(text[start - 1]) || text[start - 1] == '_'))
        {
            start--;
        }
        string type = text[..start].TrimEnd();
        return type.Length > 0 ? (text[start..bracket], type + text[bracket..]) : ("", text);
    }

    private static bool IsName(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private static int Number(ReadOnlySpan<char> text) => int.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
        ? value
        : throw new InvalidDataException($"'{text}' is no number.");
}
