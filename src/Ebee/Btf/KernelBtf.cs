using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Btf;

/// <summary>
/// The part of the running kernel's BTF that an object's CO-RE relocations ask for. libbpf walks all of the kernel's
/// types, some 140,000, for each type that an object names, which takes longer than all else of a load together; here
/// they are walked once.
/// </summary>
internal static unsafe class KernelBtf
{
    private const string Path = "/sys/kernel/btf/vmlinux";
    private const ushort Magic = 0xEB9F;
    private const int HeaderSize = 24;
    private const int TypeSize = 12; // struct btf_type: name, then kind and length, then size or type
    private const int RelocationSize = 16; // struct bpf_core_relo
    private const int KeptMax = 1 << 14;
    private const int LastOfFields = 5, OwnTypeId = 6, Existence = 8, SizeOfType = 9, EnumValueExistence = 10, EnumValue = 11; // enum bpf_core_relo_kind

    /// <summary>
    /// Writes that part to a memory file. Null where it is better left to libbpf: a type is not there (a module of the
    /// kernel may have it), something about the BTF is new, or a relocation asks for more than the part has
    /// (<see cref="IsAnswered"/>).
    /// </summary>
    /// <param name="elf">The object's file.</param>
    public static SafeFileHandle? Subset(ReadOnlySpan<byte> elf)
    {
        nint kernel = -1;
        nuint length = 0;
        try
        {
            NameSet wanted = RelocatedTypes(ElfSection.Find(elf, ".BTF"), ElfSection.Find(elf, ".BTF.ext"));
            kernel = Map(out length);
            return kernel == -1 ? null : new Types((byte*)kernel, length).Select(wanted);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException
            or IndexOutOfRangeException)
        {
            return null;
        }
        finally
        {
            if (kernel != -1)
            {
                _ = LibC.munmap(kernel, length);
            }
        }
    }

    // The names of the types that relocations start from.
    private static NameSet RelocatedTypes(ReadOnlySpan<byte> btf, ReadOnlySpan<byte> extension)
    {
        // struct btf_ext_header: magic, version, flags; hdr_len; offset and length of func_info, line_info, core_relo.
        ReadOnlySpan<byte> relocations = extension[(Int(extension, 4) + Int(extension, 24))..][..Int(extension, 28)];
        NameSet names = new();
        fixed (byte* data = btf)
        {
            Types types = new(data, (nuint)btf.Length);
            int recordSize = Int(relocations, 0);
            if (recordSize < RelocationSize)
            {
                throw new InvalidDataException("The object's relocations have no room for a type.");
            }
            relocations = relocations[4..];
            while (relocations.Length > 0)
            {
                // struct btf_ext_info_sec: the section's name, the number of records; struct bpf_core_relo: the
                // instruction, the type, what of it, the kind.
                int count = Int(relocations, 4);
                relocations = relocations[8..];
                for (int i = 0; i < count; i++)
                {
                    int type = Int(relocations, 4);
                    if (type <= 0 || type >= types.Count)
                    {
                        throw new InvalidDataException("The object relocates a type that it does not have.");
                    }
                    if (!IsAnswered(Int(relocations, 12), types.KindBehindAliases(type)))
                    {
                        throw new InvalidDataException("The object asks for more than names, sizes and fields.");
                    }
                    names.Add(types.EssentialName(type));
                    relocations = relocations[recordSize..];
                }
            }
        }
        return names;
    }

    // Whether libbpf says the same with the part as with the whole. The part has other numbers, and void behind its pointers: libbpf
    // compares what is there where a type is to match, and where a pointer, a prototype or an array is to exist or have a size.
    private static bool IsAnswered(int relocation, BtfKind kind) => relocation switch
    {
        >= 0 and <= LastOfFields or OwnTypeId or EnumValueExistence or EnumValue => true,
        Existence or SizeOfType => kind is not (BtfKind.Pointer or BtfKind.FunctionPrototype or BtfKind.Array),
        _ => false,
    };

    private static int Int(ReadOnlySpan<byte> data, int offset) => MemoryMarshal.Read<int>(data[offset..]);

    // The kernel's own memory where it can be mapped (Linux 6.16), else a copy.
    private static nint Map(out nuint length)
    {
        using SafeFileHandle file = File.OpenHandle(Path);
        length = (nuint)RandomAccess.GetLength(file);
        nint memory = LibC.mmap(0, length, LibC.ProtRead, LibC.MapPrivate, (int)file.DangerousGetHandle(), 0);
        if (memory != -1)
        {
            return memory;
        }
        memory = LibC.mmap(0, length, LibC.ProtRead | LibC.ProtWrite, LibC.MapPrivate | LibC.MapAnonymous, -1, 0);
        nuint done = 0;
        while (memory != -1 && done < length)
        {
            int n = RandomAccess.Read(file, new Span<byte>((byte*)memory + done, (int)(length - done)), (long)done);
            if (n == 0)
            {
                _ = LibC.munmap(memory, length);
                return -1;
            }
            done += (nuint)n;
        }
        return memory;
    }

    // The types of a BTF blob in place, by number. An object's may say anything: that each type lies within it is checked at once, a
    // string where it is read, and numbers of types are indexes of arrays.
    private readonly ref struct Types
    {
        private readonly byte* _types;
        private readonly byte* _strings;
        private readonly uint _stringsSize;
        private readonly int[] _offsets;
        private readonly int _count;

        public Types(byte* data, nuint length)
        {
            uint* header = (uint*)data;
            if (length is < HeaderSize or > int.MaxValue || *(ushort*)data != Magic || !IsWithin(header[2], header[3]) || !IsWithin(header[4], header[5])
                || header[5] == 0 || data[header[1] + header[4] + header[5] - 1] != 0)
            {
                throw new InvalidDataException("This is no BTF.");
            }
            _types = data + header[1] + header[2];
            _strings = data + header[1] + header[4];
            _stringsSize = header[5];
            int size = (int)header[3], offset = 0;
            _offsets = new int[size / TypeSize + 1];
            _count = 1;
            while (offset <= size - TypeSize)
            {
                _offsets[_count++] = offset;
                offset += TypeSize + Extra(offset);
            }
            if (offset != size)
            {
                throw new InvalidDataException("The BTF ends within a type.");
            }

            bool IsWithin(uint offset, uint size) => (ulong)header[1] + offset + size <= length;
        }

        public int Count => _count;

        // Without what follows "___", which libbpf takes for a flavour of one type.
        public ReadOnlySpan<byte> EssentialName(int id)
        {
            ReadOnlySpan<byte> name = Text(*(int*)(_types + _offsets[id]));
            int flavour = name.IndexOf("___"u8);
            return flavour > 0 ? name[..flavour] : name;
        }

        // What a type is without its typedefs and qualifiers.
        public BtfKind KindBehindAliases(int id)
        {
            const int LongestChain = 64;
            for (int hops = 0; hops < LongestChain; hops++)
            {
                int offset = id == 0 ? -1 : _offsets[id];
                if (offset < 0 || !IsAlias(Kind(offset)))
                {
                    return offset < 0 ? BtfKind.Void : Kind(offset);
                }
                id = *(int*)(_types + offset + 8);
                if (id < 0 || id >= _count)
                {
                    break;
                }
            }
            throw new InvalidDataException("The BTF has a typedef that ends nowhere.");
        }

        public SafeFileHandle? Select(NameSet wanted)
        {
            int[] numbers = new int[_count]; // not 0 where a type is kept
            int[] kept = new int[KeptMax];
            int count = 0;
            bool[] found = new bool[wanted.Count];
            int missing = wanted.Count;
            for (int id = 1; id < _count; id++)
            {
                if (Kind(_offsets[id]) is BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.Typedef
                    && wanted.IndexOf(EssentialName(id)) is >= 0 and int index)
                {
                    missing -= found[index] ? 0 : 1;
                    found[index] = true;
                    Keep(id);
                }
            }
            // And what these hold, but not what they point to: relocations do not follow pointers.
            for (int next = 0; next < count && count < KeptMax; next++)
            {
                int offset = _offsets[kept[next]];
                int* words = (int*)(_types + offset);
                BtfKind kind = Kind(offset);
                if (IsAlias(kind))
                {
                    Keep(words[2]);
                }
                else if (kind == BtfKind.Array)
                {
                    Keep(words[3]);
                    Keep(words[4]);
                }
                else if (kind is BtfKind.Struct or BtfKind.Union)
                {
                    for (int i = 0; i < Length(offset); i++)
                    {
                        Keep(words[3 + 3 * i + 1]);
                    }
                }
            }
            return missing == 0 && count < KeptMax ? Write(numbers) : null;

            void Keep(int id)
            {
                if (id != 0 && numbers[id] == 0 && count < KeptMax)
                {
                    numbers[id] = 1;
                    kept[count++] = id;
                }
            }
        }

        // A blob of the types that have a number, renumbered. Pointers become void's.
        private SafeFileHandle? Write(int[] numbers)
        {
            int size = 0;
            int number = 0;
            for (int id = 1; id < _count; id++)
            {
                if (numbers[id] != 0)
                {
                    numbers[id] = ++number;
                    size += TypeSize + (IsPointer(Kind(_offsets[id])) ? 0 : Extra(_offsets[id]));
                }
            }
            byte[] data = new byte[HeaderSize + size];
            using MemoryStream strings = new(2 * size);
            strings.WriteByte(0);
            fixed (byte* start = data)
            {
                int* to = (int*)(start + HeaderSize);
                for (int id = 1; id < _count; id++)
                {
                    if (numbers[id] == 0)
                    {
                        continue;
                    }
                    int offset = _offsets[id];
                    int* from = (int*)(_types + offset);
                    BtfKind kind = Kind(offset);
                    *to++ = Copy(strings, from[0]);
                    if (IsPointer(kind))
                    {
                        *to++ = (int)BtfKind.Pointer << 24;
                        *to++ = 0;
                        continue;
                    }
                    *to++ = from[1];
                    *to++ = IsAlias(kind) ? numbers[from[2]] : from[2];
                    for (int i = 3; i < (TypeSize + Extra(offset)) / 4; i++)
                    {
                        *to++ = kind switch
                        {
                            BtfKind.Array when i < 5 => numbers[from[i]],
                            BtfKind.Struct or BtfKind.Union when i % 3 == 1 => numbers[from[i]],
                            BtfKind.Struct or BtfKind.Union or BtfKind.Enum64 when i % 3 == 0 => Copy(strings, from[i]),
                            BtfKind.Enum when i % 2 == 1 => Copy(strings, from[i]),
                            _ => from[i],
                        };
                    }
                }
                int* header = (int*)start;
                *(ushort*)start = Magic;
                start[2] = 1; // the version
                header[1] = HeaderSize;
                header[3] = size;
                header[4] = size; // the strings are behind the types
                header[5] = (int)strings.Length;
            }
            int fd = LibC.memfd_create("ebee-btf", LibC.MfdCloexec);
            if (fd < 0)
            {
                return null;
            }
            SafeFileHandle file = new(fd, ownsHandle: true);
            RandomAccess.Write(file, data, 0);
            RandomAccess.Write(file, strings.GetBuffer().AsSpan(0, (int)strings.Length), data.Length);
            return file;
        }

        // Appends a string. Its place there.
        private int Copy(MemoryStream strings, int offset)
        {
            if (offset == 0)
            {
                return 0;
            }
            int place = (int)strings.Length;
            strings.Write(new ReadOnlySpan<byte>(_strings + offset, Text(offset).Length + 1));
            return place;
        }

        // The last byte of all strings is 0.
        private ReadOnlySpan<byte> Text(int offset) => (uint)offset < _stringsSize ? MemoryMarshal.CreateReadOnlySpanFromNullTerminated(_strings + offset)
            : throw new InvalidDataException("The BTF has a name outside of its strings.");

        private BtfKind Kind(int offset) => (BtfKind)((*(uint*)(_types + offset + 4) >> 24) & 0x1f);

        private int Length(int offset) => *(ushort*)(_types + offset + 4);

        private static bool IsAlias(BtfKind kind) =>
            kind is BtfKind.Typedef or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.TypeTag;

        private static bool IsPointer(BtfKind kind) => kind is BtfKind.Pointer or BtfKind.FunctionPrototype;

        // Bytes behind the struct btf_type.
        private int Extra(int offset) => Kind(offset) switch
        {
            BtfKind.Int or BtfKind.Variable or BtfKind.DeclarationTag => 4,
            BtfKind.Array => 12,
            BtfKind.Struct or BtfKind.Union or BtfKind.Enum64 or BtfKind.DataSection => 12 * Length(offset),
            BtfKind.Enum or BtfKind.FunctionPrototype => 8 * Length(offset),
            <= BtfKind.Enum64 => 0,
            _ => throw new InvalidDataException("The BTF has a type of an unknown kind."),
        };
    }

    // Some dozens of names, asked for some ten thousands that are mostly others.
    private sealed class NameSet
    {
        private readonly byte[]?[] _names = new byte[512][];
        private readonly int[] _indexes = new int[512];

        public int Count { get; private set; }

        public void Add(ReadOnlySpan<byte> name)
        {
            int slot = Slot(name);
            while (_names[slot] is { } held)
            {
                if (name.SequenceEqual(held))
                {
                    return;
                }
                slot = (slot + 1) % _names.Length;
            }
            if (Count == _names.Length / 2)
            {
                throw new InvalidDataException("The object relocates too many types.");
            }
            _names[slot] = name.ToArray();
            _indexes[slot] = Count++;
        }

        public int IndexOf(ReadOnlySpan<byte> name)
        {
            for (int slot = Slot(name); _names[slot] is { } held; slot = (slot + 1) % _names.Length)
            {
                if (name.SequenceEqual(held))
                {
                    return _indexes[slot];
                }
            }
            return -1;
        }

        private int Slot(ReadOnlySpan<byte> name) =>
            name.IsEmpty ? 0 : (name.Length * 131 + name[0] * 31 + name[name.Length / 2] * 17 + name[^1] * 7) % _names.Length;
    }
}
