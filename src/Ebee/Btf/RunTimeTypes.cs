using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Text;

namespace Ebee.Btf;

/// <summary>
/// Makes the classes and enums of C types, in one assembly of this process. A class is never freed, so types that are
/// named and laid out alike share one.
/// </summary>
internal static class RunTimeTypes
{
    private const string Assembly = "Ebee.Types";
    private const int LongestName = 255; // characters; the runtime takes 1023
    private const BindingFlags Hidden = BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly ModuleBuilder Module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(Assembly), AssemblyBuilderAccess.Run)
        .DefineDynamicModule(Assembly);

    private static readonly ConstructorInfo BaseConstructor = typeof(EbpfStruct).GetConstructor(Hidden, [typeof(byte[]), typeof(int)])!;
    private static readonly MethodInfo BaseCodec = typeof(EbpfStruct).GetProperty("Codec", Hidden)!.GetMethod!;
    private static readonly MethodInfo ReadPlain = typeof(EbpfStruct).GetMethod("Read", Hidden)!;
    private static readonly MethodInfo ReadBits = typeof(EbpfStruct).GetMethod("ReadBits", Hidden)!;
    private static readonly MethodInfo ReadSignedBits = typeof(EbpfStruct).GetMethod("ReadSignedBits", Hidden)!;
    private static readonly MethodInfo ValueOf = typeof(EbpfStruct).GetMethod("ValueOf", Hidden)!;

    private static readonly Dictionary<string, BtfCodec> Made = new(StringComparer.Ordinal);
    private static readonly NameTable TypeNames = new([]);

    /// <summary>The codec of an enum.</summary>
    public static BtfCodec Enum(BtfType enumeration, string name, string cName)
    {
        StringBuilder signature = new($"enum {cName.Length}:{cName} {enumeration.Size} {enumeration.IsSigned}");
        foreach ((string enumerator, long value) in enumeration.Values)
        {
            signature.Append(CultureInfo.InvariantCulture, $" {enumerator.Length}:{enumerator}={value}");
        }
        return Get(signature.ToString(), number =>
        {
            Type underlying = UnderlyingType(enumeration);
            EnumBuilder type = Module.DefineEnum($"{Assembly}.{TypeNames.Take(name)}", TypeAttributes.Public, underlying);
            NameTable names = new(["value__"], StringComparer.Ordinal);
            foreach ((string enumerator, long value) in enumeration.Values)
            {
                type.DefineLiteral(names.Take(enumerator), Literal(value, enumeration));
            }
            return new EnumCodec(type.CreateType(), enumeration, cName, $"enum#{number}");
        });
    }

    /// <summary>The codec of a struct, whose fields' names are still C's.</summary>
    public static StructCodec Struct(string name, string cName, int size, IReadOnlyList<StructField> fields)
    {
        StringBuilder signature = new($"struct {cName.Length}:{cName} {size}");
        foreach (StructField field in fields)
        {
            signature.Append(CultureInfo.InvariantCulture,
                $" {field.CName.Length}:{field.CName}@{field.BitOffset}:{field.BitSize} {field.Codec.Signature}");
        }
        return (StructCodec)Get(signature.ToString(), number =>
        {
            // What every object has, and what PowerShell answers itself.
            NameTable names = new(["GetType", "ToString", "Equals", "GetHashCode", "PSObject", "PSBase", "PSAdapted", "PSExtended", "PSTypeNames"]);
            StructField[] named = [.. fields.Select(field => field with { Name = names.Take(field.CName) })];
            TypeBuilder type = Module.DefineType($"{Assembly}.{TypeNames.Take(name)}", TypeAttributes.Public | TypeAttributes.Sealed, typeof(EbpfStruct));
            ConstructorBuilder constructor = DefineConstructor(type);
            DefineFactory(type, constructor);
            FieldBuilder codecField = DefineCodec(type);
            for (int i = 0; i < named.Length; i++)
            {
                DefineProperty(type, named[i], i);
            }
            Type made = type.CreateType();
            var create = made.GetMethod(CreateName, BindingFlags.NonPublic | BindingFlags.Static)!.CreateDelegate<Func<byte[], int, EbpfStruct>>();
            StructCodec codec = new(made, create, size, cName, $"struct#{number}", named);
            made.GetField(codecField.Name, BindingFlags.NonPublic | BindingFlags.Static)!.SetValue(null, codec);
            return codec;
        });
    }

    // Names of C cannot be equal to those with an angle bracket.
    private const string CreateName = "<Create>", CodecName = "<Codec>";

    private static BtfCodec Get(string signature, Func<int, BtfCodec> make)
    {
        lock (Made)
        {
            if (!Made.TryGetValue(signature, out BtfCodec? codec))
            {
                Made[signature] = codec = make(Made.Count);
            }
            return codec;
        }
    }

    private static ConstructorBuilder DefineConstructor(TypeBuilder type)
    {
        ConstructorBuilder constructor = type.DefineConstructor(MethodAttributes.Private, CallingConventions.Standard, [typeof(byte[]), typeof(int)]);
        ILGenerator il = constructor.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Call, BaseConstructor);
        il.Emit(OpCodes.Ret);
        return constructor;
    }

    private static void DefineFactory(TypeBuilder type, ConstructorBuilder constructor)
    {
        MethodBuilder create = type.DefineMethod(CreateName, MethodAttributes.Private | MethodAttributes.Static, typeof(EbpfStruct), [typeof(byte[]), typeof(int)]);
        ILGenerator il = create.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Newobj, constructor);
        il.Emit(OpCodes.Ret);
    }

    private static FieldBuilder DefineCodec(TypeBuilder type)
    {
        FieldBuilder field = type.DefineField(CodecName, typeof(StructCodec), FieldAttributes.Private | FieldAttributes.Static);
        MethodBuilder getter = type.DefineMethod(CodecName, MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final, typeof(StructCodec), []);
        ILGenerator il = getter.GetILGenerator();
        il.Emit(OpCodes.Ldsfld, field);
        il.Emit(OpCodes.Ret);
        type.DefineMethodOverride(getter, BaseCodec);
        return field;
    }

    private static void DefineProperty(TypeBuilder type, StructField field, int index)
    {
        Type clrType = field.Codec.ClrType;
        MethodBuilder getter = type.DefineMethod($"get_{field.Name}", MethodAttributes.Public | MethodAttributes.SpecialName | MethodAttributes.HideBySig, clrType, []);
        ILGenerator il = getter.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        switch (field.Codec)
        {
            case NumberCodec { ClrType.IsPrimitive: true } or NumberCodec { ClrType.IsEnum: true } when field.IsBitfield:
                il.Emit(OpCodes.Ldc_I4, field.BitOffset);
                il.Emit(OpCodes.Ldc_I4, field.BitSize);
                il.Emit(OpCodes.Call, ((NumberCodec)field.Codec).IsSigned ? ReadSignedBits : ReadBits);
                EmitConversion(il, clrType, field.Codec.Size);
                break;
            case EnumCodec enumeration:
                il.Emit(OpCodes.Ldc_I4, field.Offset);
                il.Emit(OpCodes.Call, ReadPlain.MakeGenericMethod(IntegerCodec.TypeOf(enumeration.Size, enumeration.IsSigned)));
                il.Emit(enumeration.IsSigned ? OpCodes.Conv_I8 : OpCodes.Conv_U8);
                break;
            case (IntegerCodec { IsBigEndian: false } or FloatCodec) and { ClrType.IsValueType: true, Size: <= 8 }:
                il.Emit(OpCodes.Ldc_I4, field.Offset);
                il.Emit(OpCodes.Call, ReadPlain.MakeGenericMethod(clrType));
                break;
            default:
                il.Emit(OpCodes.Ldc_I4, index);
                il.Emit(OpCodes.Call, ValueOf);
                il.Emit(OpCodes.Unbox_Any, clrType);
                break;
        }
        il.Emit(OpCodes.Ret);
        type.DefineProperty(field.Name, PropertyAttributes.None, clrType, null).SetGetMethod(getter);
    }

    // From the 64 bits on the stack.
    private static void EmitConversion(ILGenerator il, Type type, int size)
    {
        if (type == typeof(bool))
        {
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Conv_U8);
            il.Emit(OpCodes.Cgt_Un);
        }
        else if (size < 8 && !type.IsEnum)
        {
            il.Emit((size, IsSigned(type)) switch
            {
                (1, true) => OpCodes.Conv_I1,
                (1, false) => OpCodes.Conv_U1,
                (2, true) => OpCodes.Conv_I2,
                (2, false) => OpCodes.Conv_U2,
                (_, true) => OpCodes.Conv_I4,
                (_, false) => OpCodes.Conv_U4,
            });
        }
    }

    private static bool IsSigned(Type type) => Type.GetTypeCode(type) is TypeCode.SByte or TypeCode.Int16 or TypeCode.Int32 or TypeCode.Int64;

    // 64 bits whatever C's size is: ConvertTo-Json writes the names of such enums, and the numbers of shorter ones.
    private static Type UnderlyingType(BtfType enumeration) => enumeration.Size is 1 or 2 or 4 or 8
        ? IntegerCodec.TypeOf(sizeof(long), enumeration.IsSigned)
        : throw new InvalidDataException($"An enum of {enumeration.Size} bytes is none that Ebee reads.");

    private static object Literal(long value, BtfType enumeration)
    {
        int unused = 64 - 8 * enumeration.Size;
        return enumeration.IsSigned ? value << unused >> unused : (object)((ulong)value << unused >> unused);
    }

    // Makes names of .NET of names of C, each once: the second that differs only in case, or not at all, gets a number.
    private sealed class NameTable(string[] taken, StringComparer? comparer = null)
    {
        private readonly Dictionary<string, int> _taken = taken.ToDictionary(name => name, _ => 1, comparer ?? StringComparer.OrdinalIgnoreCase);

        public string Take(string cName)
        {
            string name = string.Concat(cName.Take(LongestName).Select(c => char.IsLetterOrDigit(c) || c == '_' ? c : '_'));
            name = name.Length == 0 || char.IsDigit(name[0]) ? "_" + name : name;
            if (_taken.TryAdd(name, 1))
            {
                return name;
            }
            string numbered;
            do
            {
                numbered = $"{name}_{++_taken[name]}";
            }
            while (!_taken.TryAdd(numbered, 1));
            return numbered;
        }
    }
}
