using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Ebee.Btf;
using Ebee.Host;
using Ebee.Native;
using Ebee.Programs.Attaching;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>The first phase: where an object's bytes come from. Next: <see cref="Open"/>.</summary>
internal sealed unsafe class ObjectBuilder : IDisposable
{
    private const int LargestFile = 64 << 20; // bytes; compiled objects have some thousands
    private readonly byte* _data;
    private readonly nuint _size;
    private readonly byte[]? _content; // of an object that is not Ebee's own
    private GCHandle _pinned;

    private ObjectBuilder(string name, byte* data, nuint size)
    {
        Name = name;
        _data = data;
        _size = size;
    }

    private ObjectBuilder(string name, byte[] content, string? path)
    {
        Name = name;
        Path = path;
        StructOps.RenameLinkSection(content);
        _content = content;
        _pinned = GCHandle.Alloc(content, GCHandleType.Pinned);
        _data = (byte*)_pinned.AddrOfPinnedObject();
        _size = (nuint)content.Length;
    }

    public string Name { get; }

    /// <summary>The file that it came from; null when it came from none.</summary>
    public string? Path { get; }

    /// <summary>An object that was compiled into this assembly, read where it is mapped.</summary>
    public static ObjectBuilder FromResource(string name)
    {
        Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name + ".bpf.o")
            ?? throw new InvalidOperationException($"No object {name}.bpf.o was built in.");
        UnmanagedMemoryStream memory = (UnmanagedMemoryStream)stream;
        return new ObjectBuilder(name, memory.PositionPointer, (nuint)memory.Length);
    }

    /// <summary>As a resource: an object of Ebee's own, not tried in another process first, in memory that stays where it is until it is opened.</summary>
    internal static ObjectBuilder FromOwn(string name, byte* data, int size) => new(name, data, (nuint)size);

    /// <summary>An object in memory, as a compiler made it.</summary>
    public static ObjectBuilder FromBytes(string name, byte[] content) => new(name, Check(name, content), null);

    /// <summary>An object file; its name is the file's up to the first dot.</summary>
    /// <param name="path">The file.</param>
    /// <param name="use">What is done when others could change it; by default that is an error.</param>
    /// <exception cref="EbpfException">It cannot be read, is not an object file, or others could change it.</exception>
    public static ObjectBuilder FromFile(string path, FileUse? use = null)
    {
        byte[] content;
        try
        {
            content = RegularFile.Read(path, LargestFile);
        }
        catch (IOException e)
        {
            throw KernelErrors.Exhausted($"'{path}' could not be read", e) ?? new EbpfException(EbpfError.FileFailed, $"'{path}' could not be read: {e.Message}.",
                "Give the object file that clang -target bpf made of your program.", inner: e);
        }
        Check(path, content);
        (use ?? new FileUse()).Check(path);
        return new ObjectBuilder(NameOf(path), content, path);
    }

    /// <summary>The name of what a file has: the file's up to the first dot that does not begin it.</summary>
    public static string NameOf(string path) =>
        System.IO.Path.GetFileName(path).TrimStart('.').Split('.')[0] is { Length: > 0 } name ? name : "object";

    /// <summary>The object file's bytes; empty for Ebee's own.</summary>
    public byte[] Content => _content ?? [];

    /// <summary>Parses the object. Nothing reaches the kernel yet.</summary>
    /// <param name="cancellation">Ends this and the next phase.</param>
    /// <exception cref="EbpfException">libbpf refuses it, or does not survive it in the process that tries it first.</exception>
    public OpenedObject Open(CancellationToken cancellation = default)
    {
        SafeFileHandle? kernelBtf = KernelBtf.Subset(new ReadOnlySpan<byte>(_data, (int)_size));
        ObjectCheck? check = _content is null ? null : new ObjectCheck(Name, _content, kernelBtf, cancellation);
        try
        {
            return check?.Open() is { Phase: not CheckPhase.Done } refused ? throw KernelErrors.Load(Name, refused.Errno, refused.Log, _content) : OpenHere(kernelBtf, check, cancellation);
        }
        catch
        {
            kernelBtf?.Dispose();
            throw;
        }
    }

    /// <summary>Lets go of the bytes, of which an opened object has its own copy.</summary>
    public void Dispose()
    {
        if (_pinned.IsAllocated)
        {
            _pinned.Free();
        }
    }

    private OpenedObject OpenHere(SafeFileHandle? kernelBtf, ObjectCheck? check, CancellationToken cancellation)
    {
        using LibBpfLog log = new();
        byte[]? path = kernelBtf is null ? null : Encoding.UTF8.GetBytes($"/proc/self/fd/{(int)kernelBtf.DangerousGetHandle()}\0");
        fixed (byte* name = Encoding.UTF8.GetBytes(Name + '\0'), custom = path)
        {
            LibBpf.BpfObjectOpenOpts options = new()
            {
                Size = (nuint)sizeof(LibBpf.BpfObjectOpenOpts),
                ObjectName = name,
                CustomBtfPath = custom,
            };
            nint handle = LibBpf.bpf_object__open_mem(_data, _size, &options);
            return handle != 0
                ? new OpenedObject(Name, new BpfObjectHandle(handle), kernelBtf, check, cancellation)
                : throw KernelErrors.Load(Name, Marshal.GetLastPInvokeError(), log.Text, _content);
        }
    }

    private static byte[] Check(string name, byte[] content)
    {
        const ushort MachineBpf = 247; // EM_BPF
        const int MachineOffset = 18;
        return !content.AsSpan().StartsWith("\u007fELF"u8) ? throw NoObject(name, "it is no ELF file")
            : content.Length < 64 || content[4] != 2 || content[5] != 1 ? throw NoObject(name, "it is not of 64 bits, little-endian")
            : BitConverter.ToUInt16(content, MachineOffset) != MachineBpf ? throw NoObject(name, "it is for another machine than eBPF")
            : content;
    }

    private static EbpfException NoObject(string name, string why) => new(EbpfError.InvalidObject, $"'{name}' is no eBPF object: {why}.",
        "Make one: clang -g -O2 -target bpf -c program.bpf.c -o program.bpf.o; or give the source with -SourcePath.");
}
