namespace Ebee.Host;

/// <summary>A field of a tracepoint's record.</summary>
public sealed class EbpfTracepointField
{
    internal EbpfTracepointField(string name, string cType, int offset, int sizeBytes, bool isSigned)
    {
        Name = name;
        CType = cType;
        Offset = offset;
        SizeBytes = sizeBytes;
        IsSigned = isSigned;
    }

    /// <summary>Its name; empty when the kernel's declaration has none.</summary>
    public string Name { get; }

    /// <summary>Its type in C, such as <c>const char *</c> or <c>char[16]</c>. With <c>__data_loc</c> the field holds where in the record it is.</summary>
    public string CType { get; }

    /// <summary>Where in the record it begins, in bytes.</summary>
    public int Offset { get; }

    /// <summary>Its length in bytes.</summary>
    public int SizeBytes { get; }

    /// <summary>Whether the kernel says that it is signed.</summary>
    public bool IsSigned { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{CType} {Name}";
}
