using Ebee.Btf;
using Ebee.Native;

namespace Ebee.Programs;

/// <summary>Whether an object has an arena, memory that programs and a process share (Linux 6.9): libbpf knows it from 1.5 on.</summary>
internal static class ArenaUse
{
    private const int MapTypeArena = 33; // BPF_MAP_TYPE_ARENA
    private const uint LeastMinor = 5;

    /// <summary>The error of an object that has one, where libbpf knows none; null when that is not the reason.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="elf">Its bytes.</param>
    /// <param name="log">What libbpf said.</param>
    public static EbpfException? Error(string name, ReadOnlySpan<byte> elf, string log) =>
        LibBpf.libbpf_major_version() == 1 && LibBpf.libbpf_minor_version() is < LeastMinor and var minor && IsIn(elf)
            ? new EbpfException(EbpfError.NotSupported, $"The object {name} has an arena (BPF_MAP_TYPE_ARENA), which libbpf knows from 1.{LeastMinor} on; this is libbpf 1.{minor}.",
                "Use an array in its place (BPF_MAP_TYPE_ARRAY, with BPF_F_MMAPABLE to share it), or a machine with a newer libbpf.", log)
            : null;

    /// <summary>Whether an object has one.</summary>
    public static bool IsIn(ReadOnlySpan<byte> elf)
    {
        try
        {
            BtfBlob types = BtfBlob.Parse(ElfSection.Find(elf, ".BTF"));
            return types.Find(BtfKind.DataSection, ".maps") is { } maps && maps.Variables.Any(map => IsArena(types, map.Variable));
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            return false; // what is wrong with it, libbpf has said
        }
    }

    // struct { int (*type)[33]; … }, as __uint(type, …) makes it.
    private static bool IsArena(BtfBlob types, int variable) =>
        types.Resolve(types.Resolve(variable).Target).Members.FirstOrDefault(member => member.Name == "type") is { Name: "type" } type
        && types.Resolve(type.Type) is { Kind: BtfKind.Pointer } pointer
        && types.Resolve(pointer.Target) is { Kind: BtfKind.Array, Length: MapTypeArena };
}
