using System.Runtime.InteropServices;
using Ebee.Btf;
using Ebee.Host;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Fuzz;

/// <summary>Object files and binaries, as far as Ebee reads them itself, and instructions.</summary>
internal static class ObjectTargets
{
    private static readonly Lazy<GuardedMemory> Guarded = new(() => new GuardedMemory());
    private static readonly Lazy<Disassembler> Disassembler = new(() => new Disassembler(new SymbolTable(), number => number < 200 ? "helper" : null, [0xffffffff81000000]));

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.Objects("part of the kernel's BTF", Objects, SelectKernelTypes),
        FuzzTarget.Objects("lines of an object", Objects, data => _ = FindLines(data)),
        FuzzTarget.Objects("ELF symbols", Binaries, ReadSymbols, typeof(EbpfException)),
        FuzzTarget.Bytes("disassembler", Code, Disassemble),
        FuzzTarget.Bytes("outputs of a program", Code, data => _ = OutputScan.Of(MemoryMarshal.Cast<byte, LibBpf.BpfInsn>(data)).Count),
    ];

    private static byte[][] Objects() =>
        [.. new[] { BpfCause.Object("varied"), BpfCause.Object("known"), Repository.BpfObject("exec") }.Select(File.ReadAllBytes)];

    private static byte[][] Binaries() => [.. Objects(), File.ReadAllBytes("/bin/true")];

    private static byte[][] Code() => [.. new[] { "known", "events", "run" }.Select(name => Sections(File.ReadAllBytes(BpfCause.Object(name))))];

    // All code of an object: its sections that are executable, one behind the other.
    private static byte[] Sections(byte[] elf)
    {
        List<byte> code = [];
        int headers = (int)BitConverter.ToInt64(elf, 0x28), count = BitConverter.ToUInt16(elf, 0x3c);
        for (int at = headers; at < headers + 64 * count; at += 64)
        {
            const int Executable = 4; // SHF_EXECINSTR
            if ((BitConverter.ToInt64(elf, at + 8) & Executable) != 0)
            {
                code.AddRange(elf.AsSpan((int)BitConverter.ToInt64(elf, at + 0x18), (int)BitConverter.ToInt64(elf, at + 0x20)));
            }
        }
        return [.. code];
    }

    private static void SelectKernelTypes(byte[] data)
    {
        using SafeFileHandle? subset = KernelBtf.Subset(Guarded.Value.Place(data));
        if (subset is not null)
        {
            byte[] content = new byte[RandomAccess.GetLength(subset)];
            RandomAccess.Read(subset, content, 0);
            _ = BtfBlob.Parse(content).CheckReferences();
        }
    }

    private static int FindLines(byte[] data) =>
        new[] { "known_raw_tp", "on_exec", "probe", "" }.Sum(name => new[] { 0, 3, 1 << 20, -1 }.Count(instruction => ObjectLines.Find(data, name, instruction) is not null));

    private static void ReadSymbols(byte[] data)
    {
        string path = Path.Combine(TestFolder.Root, "fuzz.elf");
        File.WriteAllBytes(path, data);
        _ = ElfSymbols.Functions(path);
    }

    private static void Disassemble(byte[] data)
    {
        for (int at = 0; at + Programs.Disassembler.Size <= data.Length; at += Programs.Disassembler.Size)
        {
            // The last one may lack its second half.
            Assert.NotEmpty(Disassembler.Value.Write(data.AsSpan(at, (data.Length - at) / Programs.Disassembler.Size * Programs.Disassembler.Size)));
        }
    }
}
