using System.Runtime.InteropServices;
using Ebee.Bindings;
using Ebee.Btf;
using Ebee.Host;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>
/// A struct of functions that the kernel calls, such as a TCP congestion control: a map, whose registration is what attaches the
/// programs in it; Linux 5.6. By a link (Linux 6.4) it ends with its process; without one it stays until it is taken out.
/// </summary>
internal static unsafe class StructOps
{
    /// <summary>The type of the programs, and the section of the map, as they are shown.</summary>
    public const string Kind = "struct_ops";

    private const uint MapType = 26;      // BPF_MAP_TYPE_STRUCT_OPS
    private const uint ProgramType = 27;  // BPF_PROG_TYPE_STRUCT_OPS
    private const uint ByLink = 1 << 13;  // BPF_F_LINK
    private const uint AttachType = 44;   // BPF_STRUCT_OPS

    /// <summary>Whether a map is one.</summary>
    public static bool IsMap(nint map) => LibBpf.bpf_map__type(map) == MapType;

    /// <summary>Whether a program belongs into one: libbpf loads none that is in no struct.</summary>
    public static bool IsProgram(ObjectProgram program) => program.Type == ProgramType;

    /// <summary>
    /// Gives the section .struct_ops.link, which libbpf knows from 1.2 on and skips before, the name .struct_ops, in the file's own bytes:
    /// what its struct is registered by, <see cref="Prepare"/> says.
    /// </summary>
    public static void RenameLinkSection(Span<byte> elf)
    {
        ReadOnlySpan<byte> linked = ".struct_ops.link\0"u8, plain = ".struct_ops\0"u8;
        int[] places;
        try
        {
            places = [.. ElfSection.PlacesOf(elf, linked, ElfSection.NamesOf(elf), ElfSection.Find(elf, ".BTF"))];
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            return; // what is wrong with it, libbpf says
        }
        foreach (int place in places)
        {
            plain.CopyTo(elf[place..]);
        }
    }

    /// <summary>Has a map made so that a link registers it, where the kernel has that, whatever its section says.</summary>
    public static void Prepare(nint map)
    {
        if (!KernelRelease.IsOlderThan(6, 4))
        {
            _ = LibBpf.bpf_map__set_map_flags(map, LibBpf.bpf_map__map_flags(map) | ByLink);
        }
    }

    /// <summary>Registers one.</summary>
    /// <param name="map">The loaded map.</param>
    /// <param name="name">Its name.</param>
    /// <returns>Its link; without <see cref="Attachment.LinkId"/> where it stays when the process ends.</returns>
    public static Attachment Register(nint map, string name)
    {
        using LibBpfLog log = new();
        nint link = LibBpf.bpf_map__attach_struct_ops(map);
        if (link == 0)
        {
            throw KernelErrors.Attach(name, Marshal.GetLastPInvokeError(), log.Text, Kind);
        }
        BpfLinkHandle registered = new(link);
        int fd = LibBpf.bpf_map__fd(map), linkFd = LibBpf.bpf_link__fd(link);
        if ((LibBpf.bpf_map__map_flags(map) & ByLink) == 0)
        {
            return Attachment.Of(registered);
        }
        if (linkFd != fd)
        {
            return Attachment.Of(registered, linkFd); // of libbpf 1.2 and newer
        }
        // An older one has filled in the map, and its link is none of the kernel's.
        LibBpf.bpf_link__disconnect(link);
        registered.Dispose();
        LinkCreate attributes = new() { ProgFd = (uint)fd, AttachType = AttachType };
        SafeFileHandle? made = BpfCall.CreateLink(ref attributes, out int errno);
        return made is not null ? Attachment.OfLink(made) : throw KernelErrors.Attach(name, errno, log.Text, Kind);
    }
}
