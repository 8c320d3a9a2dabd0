using System.Globalization;
using System.Text.RegularExpressions;

namespace Ebee.Btf;

/// <summary>
/// Makes types of C declarations, such as <c>struct event { int pid; char comm[16]; }</c>: structs, unions, enums, typedefs, arrays,
/// bitfields and pointers, of the basic types of C, of the kernel and of stdint.h, laid out as clang does for eBPF. The last
/// type declared is the one that is meant.
/// </summary>
internal sealed partial class CDeclaration
{
    private const int DeepestNesting = 32;
    private const int LargestType = 1 << 26; // bytes: no record is longer

    // Bytes, and whether it is signed.
    private static readonly Dictionary<string, (int Size, bool IsSigned)> Integers = new(StringComparer.Ordinal)
    {
        ["char"] = (1, true), ["signed char"] = (1, true), ["unsigned char"] = (1, false), ["_Bool"] = (1, false),
        ["short"] = (2, true), ["unsigned short"] = (2, false), ["int"] = (4, true), ["unsigned int"] = (4, false),
        ["long"] = (8, true), ["unsigned long"] = (8, false), ["long long"] = (8, true), ["unsigned long long"] = (8, false),
    };

    private static readonly Dictionary<string, string> Typedefs = MakeTypedefs();

    private readonly string[] _tokens;
    private readonly List<BtfType> _types = [new(0, BtfKind.Void, "void", 0, 0)];
    private readonly List<int> _alignments = [1]; // bytes, of each type
    private readonly List<int> _sizes = [0];      // the same
    private readonly Dictionary<string, int> _named = new(StringComparer.Ordinal); // "struct x", "enum x"; typedefs by their name
    private readonly Dictionary<string, long> _constants = new(StringComparer.Ordinal) { ["TASK_COMM_LEN"] = 16 };
    private int _next;
    private int _depth;

    private CDeclaration(string text) => _tokens = [.. Token().Matches(Comment().Replace(text, " ")).Select(match => match.Value)];

    private string Current => _next < _tokens.Length ? _tokens[_next] : "";

    /// <summary>The types of a text, and the number of the one that is meant.</summary>
    /// <exception cref="EbpfException">It is no C of this kind.</exception>
    public static (BtfBlob Types, int TypeId) Parse(string text)
    {
        CDeclaration declaration = new(text);
        int last = 0;
        do
        {
            last = declaration.ParseDeclaration();
        }
        while (declaration.Current.Length > 0);
        return (BtfBlob.Of(declaration._types), last);
    }

    private int ParseDeclaration()
    {
        bool isTypedef = Accept("typedef");
        int type = ParseSpecifier();
        if (Current is not ("" or ";"))
        {
            (string name, int declared) = ParseDeclarator(type);
            if (isTypedef && name.Length > 0)
            {
                _named[name] = declared = Add(new BtfType(_types.Count, BtfKind.Typedef, name, 0, declared), _alignments[declared]);
            }
            type = declared;
        }
        if (Current.Length > 0)
        {
            Expect(";");
            while (Accept(";"))
            {
            }
        }
        return _sizes[type] > 0 || _types[type].Kind == BtfKind.Struct ? type : throw Error("it has no size");
    }

    private int ParseSpecifier()
    {
        SkipQualifiers();
        int type = Current switch
        {
            "struct" or "union" => ParseStruct(),
            "enum" => ParseEnum(),
            _ => ParseBasic(),
        };
        SkipQualifiers();
        return type;
    }

    private int ParseBasic()
    {
        string name = Current;
        if (name is "void")
        {
            _next++;
            return 0;
        }
        if (name is "signed" or "unsigned" or "char" or "short" or "int" or "long")
        {
            List<string> words = [];
            while (Current is "signed" or "unsigned" or "char" or "short" or "int" or "long" or "const" or "volatile")
            {
                words.Add(_tokens[_next++]);
            }
            return Integer(Canonical(words));
        }
        if (_named.TryGetValue(name, out int named))
        {
            _next++;
            return named;
        }
        if (name is "float" or "double")
        {
            _next++;
            int size = name == "float" ? 4 : 8;
            return _named[name] = Add(new BtfType(_types.Count, BtfKind.Float, name, size, 0), size);
        }
        if (Integers.ContainsKey(name) || Typedefs.ContainsKey(name))
        {
            _next++;
            return Integer(name);
        }
        throw Error(name.Length == 0 ? "it ends too soon" : IsName(name) ? $"'{name}' is no type that is known here" : $"'{name}' stands where a type should");
    }

    private static string Canonical(List<string> words)
    {
        int longs = words.Count(word => word == "long");
        bool isUnsigned = words.Contains("unsigned");
        string name = words.Contains("char") ? (isUnsigned ? "unsigned char" : words.Contains("signed") ? "signed char" : "char")
            : (isUnsigned ? "unsigned " : "") + (words.Contains("short") ? "short" : longs == 2 ? "long long" : longs == 1 ? "long" : "int");
        return longs <= 2 ? name : throw Error($"'{string.Join(' ', words)}' is no type");
    }

    private int Integer(string name)
    {
        if (_named.TryGetValue(name, out int known))
        {
            return known;
        }
        if (Typedefs.TryGetValue(name, out string? aliased))
        {
            int target = Integer(aliased);
            return _named[name] = Add(new BtfType(_types.Count, BtfKind.Typedef, name, 0, target), _alignments[target]);
        }
        (int size, bool isSigned) = Integers[name];
        return _named[name] = Add(new BtfType(_types.Count, BtfKind.Int, name, size, 0) { IsSigned = isSigned }, size);
    }

    private int ParseStruct()
    {
        bool isUnion = _tokens[_next++] == "union";
        Attributes before = ParseAttributes();
        string name = IsName(Current) ? _tokens[_next++] : "";
        string key = (isUnion ? "union " : "struct ") + name;
        if (Current != "{")
        {
            return _named.TryGetValue(key, out int known) ? known
                : throw Error(name.Length > 0 ? $"'{key}' is not declared in it" : $"'{Current}' stands where a name or '{{' should");
        }
        if (++_depth > DeepestNesting)
        {
            throw Error("it is nested too deeply");
        }
        _next++;
        List<(string Name, int Type, int Alignment, int? Bits)> fields = [];
        while (!Accept("}"))
        {
            ParseField(fields);
        }
        _depth--;
        Attributes after = ParseAttributes();
        StructLayout layout = new(isUnion, before.IsPacked || after.IsPacked);
        List<BtfMember> members = [];
        foreach ((string field, int type, int fieldAlignment, int? bits) in fields)
        {
            int offset = layout.Add(_sizes[type], fieldAlignment, bits);
            if (field.Length > 0 || bits is null)
            {
                members.Add(new BtfMember(field, type, offset, bits ?? 0));
            }
        }
        (long size, int alignment) = layout.Finish(Math.Max(before.Alignment, after.Alignment));
        Check(size);
        int id = Add(new BtfType(_types.Count, isUnion ? BtfKind.Union : BtfKind.Struct, name, (int)size, 0) { Members = [.. members] }, alignment);
        if (name.Length > 0)
        {
            _named[key] = id;
        }
        return id;
    }

    private void ParseField(List<(string, int, int, int?)> fields)
    {
        int type = ParseSpecifier();
        if (Accept(";"))
        {
            // An unnamed struct or union is a field; a named one is only declared.
            if (_types[type] is { Kind: BtfKind.Struct or BtfKind.Union, Name: "" })
            {
                fields.Add(("", type, _alignments[type], null));
            }
            return;
        }
        do
        {
            (string name, int declared) = Current == ":" ? ("", type) : ParseDeclarator(type);
            int? bits = null;
            if (Accept(":"))
            {
                long width = ParseNumber();
                bits = width >= 0 && width <= _sizes[declared] * 8 && (width > 0 || name.Length == 0)
                    && Resolved(declared).Kind is BtfKind.Int or BtfKind.Enum ? (int)width : throw Error($"'{name}' cannot have {width} bits");
            }
            else if (name.Length == 0 || declared == 0)
            {
                throw Error(name.Length == 0 ? $"'{Current}' stands where a field's name should" : $"'{name}' is void");
            }
            Attributes attributes = ParseAttributes();
            fields.Add((name, declared, Math.Max(attributes.IsPacked ? 1 : _alignments[declared], attributes.Alignment), bits));
        }
        while (Accept(","));
        Expect(";");
    }

    private (string Name, int Type) ParseDeclarator(int type)
    {
        while (Accept("*"))
        {
            type = Add(new BtfType(_types.Count, BtfKind.Pointer, "", 0, type), sizeof(long));
            SkipQualifiers();
        }
        string name = IsName(Current) && Current != "__attribute__" ? _tokens[_next++] : "";
        List<int> lengths = [];
        while (Accept("["))
        {
            long length = Current == "]" ? 0 : ParseNumber();
            Expect("]");
            lengths.Add(length is >= 0 and <= LargestType ? (int)length : throw Error($"an array of {length} elements is too long"));
        }
        for (int i = lengths.Count - 1; i >= 0; i--)
        {
            Check((long)_sizes[type] * lengths[i]);
            type = Add(new BtfType(_types.Count, BtfKind.Array, "", 0, type) { Length = lengths[i] }, _alignments[type]);
        }
        return (name, type);
    }

    private int ParseEnum()
    {
        _next++;
        string name = IsName(Current) ? _tokens[_next++] : "";
        if (!Accept("{"))
        {
            return _named.TryGetValue("enum " + name, out int known) ? known : throw Error($"'enum {name}' is not declared in it");
        }
        List<(string Name, long Value)> values = [];
        long value = 0;
        while (!Accept("}"))
        {
            string constant = IsName(Current) ? _tokens[_next++] : throw Error($"'{Current}' stands where a constant's name should");
            value = Accept("=") ? ParseNumber() : value;
            values.Add((constant, value));
            _constants[constant] = value++;
            if (Current != "}")
            {
                Expect(",");
            }
        }
        if (values.Exists(v => v.Value is < int.MinValue or > uint.MaxValue))
        {
            throw Error($"enum {name} has a value of more than 32 bits");
        }
        int id = Add(new BtfType(_types.Count, BtfKind.Enum, name, sizeof(int), 0) { Values = [.. values], IsSigned = values.Exists(v => v.Value < 0) }, sizeof(int));
        if (name.Length > 0)
        {
            _named["enum " + name] = id;
        }
        return id;
    }

    private long ParseNumber()
    {
        bool isNegative = Accept("-");
        string text = Current;
        _next++;
        long number = _constants.TryGetValue(text, out long constant) ? constant
            : text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
                && long.TryParse(text.AsSpan(2).TrimEnd("uUlL"), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long hex) ? hex
            : long.TryParse(text.AsSpan().TrimEnd("uUlL"), NumberStyles.None, CultureInfo.InvariantCulture, out long plain) && (plain == 0 || text[0] != '0') ? plain
            : throw Error($"'{text}' stands where a number should");
        return isNegative ? -number : number;
    }

    private Attributes ParseAttributes()
    {
        Attributes attributes = default;
        while (true)
        {
            if (Accept("__packed"))
            {
                attributes = attributes with { IsPacked = true };
            }
            else if (Accept("__attribute__"))
            {
                Expect("(");
                Expect("(");
                do
                {
                    string name = Current.Trim('_');
                    _next++;
                    if (name == "packed")
                    {
                        attributes = attributes with { IsPacked = true };
                    }
                    else if (name == "aligned" && Accept("("))
                    {
                        long alignment = ParseNumber();
                        Expect(")");
                        attributes = attributes with { Alignment = alignment is > 0 and <= 4096 && long.IsPow2(alignment) ? (int)alignment : throw Error($"aligned({alignment}) cannot be") };
                    }
                    else
                    {
                        throw Error($"the attribute '{name}' is not known here");
                    }
                }
                while (Accept(","));
                Expect(")");
                Expect(")");
            }
            else
            {
                return attributes;
            }
        }
    }

    private BtfType Resolved(int id)
    {
        while (_types[id].Kind == BtfKind.Typedef)
        {
            id = _types[id].Target;
        }
        return _types[id];
    }

    private static void Check(long size)
    {
        if (size > LargestType)
        {
            throw Error($"{size} bytes are too many");
        }
    }

    private int Add(BtfType type, int alignment)
    {
        _types.Add(type);
        _alignments.Add(alignment);
        _sizes.Add(type.Kind switch
        {
            BtfKind.Pointer => sizeof(long),
            BtfKind.Array => type.Length * _sizes[type.Target],
            BtfKind.Typedef => _sizes[type.Target],
            _ => type.Size,
        });
        return type.Id;
    }

    private void SkipQualifiers()
    {
        while (Current is "const" or "volatile" or "restrict")
        {
            _next++;
        }
    }

    private bool Accept(string token)
    {
        if (Current != token)
        {
            return false;
        }
        _next++;
        return true;
    }

    private void Expect(string token)
    {
        if (!Accept(token))
        {
            throw Error(Current.Length > 0 ? $"'{Current}' stands where '{token}' should" : $"it ends where '{token}' should stand");
        }
    }

    private static bool IsName(string token) => token.Length > 0 && (char.IsAsciiLetter(token[0]) || token[0] == '_');

    private static EbpfException Error(string what) => new(EbpfError.InvalidArgument, $"The C declaration cannot be used: {what}.",
        "Give it as in: -EventType 'struct event { int pid; u64 time; char comm[16]; }'. Types that it uses must be declared before it in the same text.");

    private static Dictionary<string, string> MakeTypedefs()
    {
        Dictionary<string, string> typedefs = new(StringComparer.Ordinal) { ["bool"] = "_Bool" };
        foreach ((int bits, string integer) in new[] { (8, "char"), (16, "short"), (32, "int"), (64, "long long") })
        {
            typedefs[$"__u{bits}"] = "unsigned " + integer;
            typedefs[$"__s{bits}"] = bits == 8 ? "signed char" : integer;
            foreach ((string name, char sign) in new[] { ($"u{bits}", 'u'), ($"s{bits}", 's'), ($"uint{bits}_t", 'u'), ($"int{bits}_t", 's') })
            {
                typedefs[name] = $"__{sign}{bits}";
            }
            foreach (string order in bits == 8 ? Array.Empty<string>() : ["be", "le"])
            {
                typedefs[$"__{order}{bits}"] = $"__u{bits}";
            }
        }
        foreach ((string name, string type) in new[] { ("size_t", "unsigned long"), ("ssize_t", "long"), ("uintptr_t", "unsigned long"), ("intptr_t", "long"),
            ("pid_t", "int"), ("uid_t", "unsigned int"), ("gid_t", "unsigned int"), ("mode_t", "unsigned int"), ("dev_t", "unsigned int"), ("ino_t", "unsigned long"),
            ("off_t", "long"), ("loff_t", "long long"), ("time_t", "long") })
        {
            typedefs[name] = type;
        }
        return typedefs;
    }

    [GeneratedRegex(@"[A-Za-z_]\w*|0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*|\S", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(@"/\*.*?\*/|//[^\n]*", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Comment();

    private readonly record struct Attributes(bool IsPacked, int Alignment);
}
