using Ebee.Native;

namespace Ebee.Tests.Fuzz;

/// <summary>Memory whose end is followed by a page that nobody may read: who reads on ends the process.</summary>
internal sealed unsafe class GuardedMemory
{
    private const int Size = 1 << 22;
    private const int MapFixed = 0x10;

    private readonly byte* _start;

    public GuardedMemory()
    {
        nint memory = LibC.mmap(0, Size + (nuint)Environment.SystemPageSize, 0, LibC.MapPrivate | LibC.MapAnonymous, -1, 0);
        Assert.NotEqual(-1, memory);
        // Over the first part of it.
        Assert.Equal(memory, LibC.mmap(memory, Size, LibC.ProtRead | LibC.ProtWrite, LibC.MapPrivate | LibC.MapAnonymous | MapFixed, -1, 0));
        _start = (byte*)memory;
    }

    /// <summary>The bytes, at the very end of it.</summary>
    public ReadOnlySpan<byte> Place(ReadOnlySpan<byte> bytes)
    {
        Span<byte> place = new(_start + Size - bytes.Length, bytes.Length);
        bytes.CopyTo(place);
        return place;
    }
}
