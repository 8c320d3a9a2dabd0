using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Ebee.Native;

namespace Ebee.Btf;

/// <summary>Writes the types of a BTF as a C header, as <c>bpftool btf dump file … format c</c> does; libbpf declares them.</summary>
public sealed unsafe class TypeHeader
{
    /// <summary>The running kernel's types.</summary>
    public const string KernelBtf = "/sys/kernel/btf/vmlinux";

    private const int LongestPiece = 1 << 20; // libbpf prints a line in pieces: a name and what is around it

    private const int LongestHeader = 1 << 27; // a kernel's has 3 to 20 MB
    private const int DeepestType = 256;      // pointers to arrays of functions and so on; people write three or four

    private readonly ArrayBufferWriter<byte> _text = new(4 << 20);
    private readonly byte* _piece;
    private bool _failed;

    private TypeHeader(byte* piece) => _piece = piece;

    /// <summary>Makes the header.</summary>
    /// <param name="btfPath">The BTF: raw, as the kernel shows it, or an ELF file with a section .BTF.</param>
    /// <returns>The header's bytes.</returns>
    /// <exception cref="EbpfException">There is no BTF, or none that can be used.</exception>
    public static byte[] Make(string btfPath = KernelBtf)
    {
        if (!File.Exists(btfPath))
        {
            throw btfPath == KernelBtf
                ? new EbpfException(EbpfError.NoBtf, $"This kernel has no BTF: {KernelBtf} is missing.",
                    "Use a kernel with CONFIG_DEBUG_INFO_BTF=y, or give another machine's with -BtfPath. In a container, mount /sys.")
                : new EbpfException(EbpfError.FileFailed, $"'{btfPath}' is no file.", "Give a file with BTF: /sys/kernel/btf/vmlinux, or an object that was compiled with -g.");
        }
        using LibBpfLog log = new();
        nint btf = 0, kernel = 0;
        byte* piece = (byte*)NativeMemory.Alloc(LongestPiece);
        try
        {
            // The BTF of a kernel's module continues the kernel's.
            bool isModule = btfPath != KernelBtf && Path.GetDirectoryName(btfPath) == Path.GetDirectoryName(KernelBtf);
            kernel = isModule ? Check(LibBpf.btf__parse(KernelBtf, null), KernelBtf, log) : 0;
            btf = Check(isModule ? LibBpf.btf__parse_split(btfPath, kernel) : LibBpf.btf__parse(btfPath, null), btfPath, log);
            if (!isModule && btfPath != KernelBtf)
            {
                CheckReferences(btf, btfPath);
            }
            TypeHeader header = new(piece);
            header.Write(btf, btfPath, log);
            return header._text.WrittenSpan.ToArray();
        }
        finally
        {
            NativeMemory.Free(piece);
            LibBpf.btf__free(btf);
            LibBpf.btf__free(kernel);
        }
    }

    private void Write(nint btf, string path, LibBpfLog log)
    {
        Append("""
            #ifndef __VMLINUX_H__
            #define __VMLINUX_H__

            #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
            #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
            #endif


            """);
        GCHandle self = GCHandle.Alloc(this);
        nint dump = LibBpf.btf_dump__new(btf, &Print, (void*)GCHandle.ToIntPtr(self), null);
        try
        {
            Check(dump, path, log);
            uint count = LibBpf.btf__type_cnt(btf);
            for (uint id = 1; id < count; id++)
            {
                int result = LibBpf.btf_dump__dump_type(dump, id);
                if (result < 0)
                {
                    throw Invalid(path, $"type {id} cannot be declared ({Errno.Name(-result)})", log.Text);
                }
            }
        }
        finally
        {
            LibBpf.btf_dump__free(dump);
            self.Free();
        }
        if (_failed)
        {
            throw Invalid(path, $"a name is longer than {LongestPiece} bytes, or the header than {LongestHeader}", log.Text);
        }
        Append("""
            #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
            #pragma clang attribute pop
            #endif

            #endif /* __VMLINUX_H__ */

            """);
    }

    private void Append(string text) => _text.Write(Encoding.ASCII.GetBytes(text));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Print(void* context, byte* format, nint arguments)
    {
        TypeHeader header = (TypeHeader)GCHandle.FromIntPtr((nint)context).Target!;
        // The arguments can be read once: there is no second try with a longer buffer.
        int length = LibC.vsnprintf(header._piece, LongestPiece, format, arguments);
        if (length is < 0 or >= LongestPiece || header._text.WrittenCount > LongestHeader)
        {
            header._failed = true; // an exception must not pass libbpf
            return;
        }
        ReadOnlySpan<byte> piece = new(header._piece, length);
        // A function without parameters: libbpf 1.1 writes (), which in C before 2023 takes any; later ones write (void).
        if (piece.StartsWith(")"u8) && header._text.WrittenSpan is [.., (byte)'('])
        {
            header._text.Write("void"u8);
        }
        header._text.Write(piece);
    }

    // libbpf 1.1 has seen that each type lies within the section. That what a type refers to exists, it takes for granted.
    private static void CheckReferences(nint btf, string path)
    {
        ReadOnlySpan<byte> data = new(LibBpf.btf__raw_data(btf, out uint size), (int)size);
        if (size < 24 || !data.StartsWith<byte>([0x9f, 0xeb]))
        {
            throw Invalid(path, "it is that of a big-endian machine", "");
        }
        ReadOnlySpan<uint> header = MemoryMarshal.Cast<byte, uint>(data[..24]); // magic, length, then where types and strings are
        ReadOnlySpan<uint> rest = MemoryMarshal.Cast<byte, uint>(data.Slice((int)(header[1] + header[2]), (int)header[3]));
        uint types = LibBpf.btf__type_cnt(btf), strings = header[5];
        List<uint> references = [];
        int[] starts = new int[types + 1];
        bool[] isNamed = new bool[types]; // what is written as a name, and so ends what is written of another
        int id = 0;
        while (rest.Length >= 3 && ++id < types)
        {
            starts[id] = references.Count;
            BtfKind kind = (BtfKind)(rest[1] >> 24 & 0x1f);
            int count = (int)(rest[1] & 0xffff);
            bool isReference = kind is BtfKind.Pointer or BtfKind.Typedef or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict
                or BtfKind.Function or BtfKind.FunctionPrototype or BtfKind.Variable or BtfKind.DeclarationTag or BtfKind.TypeTag;
            bool isGood = rest[0] < strings && !(isReference && rest[2] >= types);
            // It divides by them, too.
            isGood &= kind is not (BtfKind.Int or BtfKind.Float or BtfKind.Enum or BtfKind.Enum64) || (rest[2] is > 0 and <= 16 && uint.IsPow2(rest[2]));
            isNamed[id] = kind is BtfKind.Typedef || (kind is BtfKind.Struct or BtfKind.Union && rest[0] != 0);
            if (isReference)
            {
                references.Add(rest[2]);
            }
            rest = rest[3..];
            // Words of each part that follows, and which of them are a name and a type.
            (int parts, int words, int name, int type) = kind switch
            {
                BtfKind.Int or BtfKind.Variable or BtfKind.DeclarationTag => (1, 1, -1, -1),
                BtfKind.Array => (1, 3, -1, 0),
                BtfKind.Struct or BtfKind.Union => (count, 3, 0, 1),
                BtfKind.Enum => (count, 2, 0, -1),
                BtfKind.Enum64 => (count, 3, 0, -1),
                BtfKind.FunctionPrototype => (count, 2, 0, 1),
                BtfKind.DataSection => (count, 3, -1, 0),
                _ => (0, 0, -1, -1),
            };
            for (int i = 0; i < parts && rest.Length >= words; i++, rest = rest[words..])
            {
                isGood &= (name < 0 || rest[name] < strings) && (type < 0 || rest[type] < types) && (kind != BtfKind.Array || rest[1] < types);
                if (type >= 0)
                {
                    references.Add(rest[type]);
                }
            }
            if (!isGood)
            {
                throw Invalid(path, "it has a type of no size, or refers to a type or a name that it does not have", "");
            }
        }
        Array.Fill(starts, references.Count, id + 1, starts.Length - id - 1);
        CheckEnds(references, starts, isNamed, path);
    }

    // A pointer to itself, or a function that returns itself: libbpf would write it without an end.
    private static void CheckEnds(List<uint> references, int[] starts, bool[] isNamed, string path)
    {
        const byte Open = 1, Done = 2;
        byte[] states = new byte[isNamed.Length];
        Stack<(uint Id, int Next)> way = new();
        for (uint root = 1; root < states.Length; root++)
        {
            if (states[root] != Done)
            {
                way.Push((root, starts[root]));
                states[root] = Open;
            }
            while (way.TryPop(out (uint Id, int Next) at))
            {
                if (at.Next == starts[at.Id + 1])
                {
                    states[at.Id] = Done;
                    continue;
                }
                way.Push((at.Id, at.Next + 1));
                uint target = references[at.Next];
                if (target == 0 || isNamed[target] || states[target] == Done)
                {
                    continue;
                }
                if (states[target] == Open || way.Count > DeepestType)
                {
                    throw Invalid(path, "it has a type that is made of itself", "");
                }
                states[target] = Open;
                way.Push((target, starts[target]));
            }
        }
    }

    private static nint Check(nint made, string path, LibBpfLog log)
    {
        int errno = Marshal.GetLastPInvokeError();
        return made != 0 ? made
            : errno is Errno.Eacces or Errno.Eperm
                ? throw new EbpfException(EbpfError.PermissionDenied, $"This user may not read '{path}'.", "Run it as root: sudo pwsh.", log.Text)
                : throw Invalid(path, $"libbpf does not take it ({Errno.Name(errno)})", log.Text);
    }

    private static EbpfException Invalid(string path, string reason, string details) =>
        new(EbpfError.InvalidBtf, $"'{path}' has no BTF that can be used: {reason.TrimEnd('.')}.",
            "Give a file with BTF: /sys/kernel/btf/vmlinux, or an object that was compiled with -g.", details);
}
