using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using Ebee.Btf;

namespace Ebee.PowerShell.Formatting;

/// <summary>
/// Gives the classes that are made of C structs at run time their views: a table with a column for each field, whose widths show
/// the first row at once, and a list. Text in them is escaped. They are the session's, as those of a format file.
/// </summary>
internal sealed class StructViews(CommandInvocationIntrinsics commands)
{
    private const int WidestTable = 120, NarrowestColumn = 3, WidestText = 32;
    private static readonly ConditionalWeakTable<Runspace, HashSet<Type>> Known = [];
    private Type? _last;

    /// <summary>Makes the views of an object's class, and of the structs in it, when it is the first.</summary>
    public void Prepare(object value)
    {
        if (value.GetType() != _last && value is EbpfStruct first)
        {
            _last = value.GetType();
            Prepare(EbpfStruct.CodecOf(first));
        }
    }

    /// <summary>Makes the views of a type's classes, when it has any.</summary>
    public void Prepare(BtfCodec codec)
    {
        if (Element(codec) is not StructCodec outer || Runspace.DefaultRunspace is not { InitialSessionState.Formats: { } formats } runspace)
        {
            return;
        }
        HashSet<Type> known = Known.GetOrCreateValue(runspace);
        // A view without columns is refused by PowerShell, and all others with it.
        StructCodec[] added = [.. WithInner(outer).Where(inner => inner.Fields.Length > 0 && known.Add(inner.ClrType))];
        if (added.Length == 0)
        {
            return;
        }
        try
        {
            commands.InvokeScript("Microsoft.PowerShell.Utility\\Update-TypeData -TypeData $args -Force", true, PipelineResultTypes.None, null,
                [.. added.SelectMany(Types)]);
            new SessionFormats(commands, formats).Add([.. added.Select(Views)]);
        }
        catch (CommandNotFoundException)
        {
            // A session that was made without these commands has the view of all structs.
        }
    }

    // As Ebee.types.ps1xml has it of the classes that are always there.
    private static IEnumerable<TypeData> Types(StructCodec codec) =>
    [
        new(codec.ClrType.FullName) { TypeAdapter = typeof(RecordAdapter) },
        .. codec.Fields.Select(field => Element(field.Codec).ClrType).Where(type => type.IsEnum).Distinct()
            .Select(type => new TypeData(type.FullName) { SerializationMethod = "String" }),
    ];

    private static IEnumerable<StructCodec> WithInner(StructCodec codec) => [codec, .. codec.Fields.Select(field => Element(field.Codec)).OfType<StructCodec>().SelectMany(WithInner)];

    private static BtfCodec Element(BtfCodec codec) => codec is ArrayCodec array ? Element(array.Element) : codec;

    private static ExtendedTypeDefinition Views(StructCodec codec)
    {
        string name = codec.ClrType.FullName!;
        return new ExtendedTypeDefinition(name, [new FormatViewDefinition(name, Table(codec)), new FormatViewDefinition(name, List(codec))]);
    }

    private static TableControl Table(StructCodec codec)
    {
        TableControlBuilder table = TableControl.Create(outOfBand: false, autoSize: false, hideTableHeaders: false);
        List<(StructField Field, int Width)> columns = [];
        int used = 0;
        foreach (StructField field in codec.Fields)
        {
            int width = Math.Max(field.Name.Length, Width(field));
            if (columns.Count > 0 && used + width > WidestTable)
            {
                break; // the list has all
            }
            columns.Add((field, width));
            used += width + 1;
        }
        for (int i = 0; i < columns.Count; i++)
        {
            bool isLast = i > 0 && i == columns.Count - 1 && !IsNumber(columns[i].Field);
            // What has no width takes what is left.
            table.AddHeader(IsNumber(columns[i].Field) ? Alignment.Right : Alignment.Left, isLast ? 0 : columns[i].Width, columns[i].Field.Name);
        }
        TableRowDefinitionBuilder row = table.StartRowDefinition(wrap: false, null, null);
        foreach ((StructField field, _) in columns)
        {
            row = IsNumber(field) ? row.AddPropertyColumn(field.Name, Alignment.Undefined, null) : row.AddScriptBlockColumn(Script(field), Alignment.Undefined, null);
        }
        return row.EndRowDefinition().EndTable();
    }

    private static ListControl List(StructCodec codec)
    {
        ListEntryBuilder entry = ListControl.Create(outOfBand: false).StartEntry(null, null);
        foreach (StructField field in codec.Fields)
        {
            entry = IsNumber(field) ? entry.AddItemProperty(field.Name, null, null) : entry.AddItemScriptBlock(Script(field), field.Name, null);
        }
        return entry.EndEntry().EndList();
    }

    // The names are .NET's: letters, digits and _.
    private static string Script(StructField field) => $"[Ebee.PowerShell.Formatting.ShownValue]::Of($_.{field.Name})";

    private static bool IsNumber(StructField field) => field.Codec.ClrType is { IsPrimitive: true } and not { IsEnum: true };

    private static int Width(StructField field) => Math.Max(NarrowestColumn, field.Codec.ClrType switch
    {
        { IsEnum: true } type => type.GetEnumNames().Select(name => name.Length).Append(NarrowestColumn).Max(),
        { IsArray: true } => WidestText,
        Type type when type == typeof(string) => Math.Min(field.Codec.Size == 0 ? WidestText : field.Codec.Size, WidestText),
        Type type => Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => 5,
            TypeCode.Byte or TypeCode.SByte => 4,
            TypeCode.Int16 or TypeCode.UInt16 => 6,
            TypeCode.Int32 or TypeCode.UInt32 => 11,
            TypeCode.Single or TypeCode.Double => 12,
            TypeCode.Int64 or TypeCode.UInt64 => 20,
            _ => WidestText,
        },
    });
}
