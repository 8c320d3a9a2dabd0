namespace Ebee.Btf;

/// <summary>A field of a struct or union; those of anonymous structs and unions within are fields of the one around them.</summary>
/// <param name="Name">The property's name: the field's, unless .NET or PowerShell would not take it.</param>
/// <param name="CName">The field's name in C.</param>
/// <param name="BitOffset">Where it begins, in bits.</param>
/// <param name="BitSize">How many bits a bitfield has, up to 64; 0 for others.</param>
/// <param name="Codec">Its type's codec.</param>
internal sealed record StructField(string Name, string CName, int BitOffset, int BitSize, BtfCodec Codec)
{
    public bool IsBitfield => BitSize != 0;

    /// <summary>Where it begins, in bytes, unless it is a bitfield.</summary>
    public int Offset => BitOffset / 8;
}
