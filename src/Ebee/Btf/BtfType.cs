namespace Ebee.Btf;

/// <summary>One BTF type. What a field means depends on the kind, as in the kernel's <c>struct btf_type</c>.</summary>
/// <param name="Id">Its number in the blob.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Name">Its name; empty when anonymous.</param>
/// <param name="Size">Bytes, for the kinds that have a size.</param>
/// <param name="Target">The type pointed to, aliased, qualified or held, for the kinds that have one.</param>
internal sealed record BtfType(int Id, BtfKind Kind, string Name, int Size, int Target)
{
    /// <summary>Members of a struct or union.</summary>
    public BtfMember[] Members { get; init; } = [];

    /// <summary>Values of an enum.</summary>
    public (string Name, long Value)[] Values { get; init; } = [];

    /// <summary>Variables of a data section.</summary>
    public (int Variable, int Offset, int Size)[] Variables { get; init; } = [];

    /// <summary>Elements of an array.</summary>
    public int Length { get; init; }

    /// <summary>Signed, for an integer or an enum.</summary>
    public bool IsSigned { get; init; }

    /// <summary>True or false, for an integer.</summary>
    public bool IsBoolean { get; init; }

    /// <summary>How many of its bits an integer uses; compilers of old make bitfields of fewer than its size has.</summary>
    public int Bits { get; init; }
}

/// <summary>A member of a struct or union.</summary>
/// <param name="Name">Its name; empty when it is an anonymous struct or union.</param>
/// <param name="Type">Its type's number.</param>
/// <param name="BitOffset">Where it starts, in bits.</param>
/// <param name="BitSize">Bits, when it is a bitfield; else 0.</param>
internal readonly record struct BtfMember(string Name, int Type, int BitOffset, int BitSize);
