using System.Reflection;
using Ebee.Btf;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>The first phase: where an object's bytes come from. Next: <see cref="Open"/>.</summary>
internal sealed unsafe class ObjectBuilder
{
    private readonly byte* _data;
    private readonly nuint _size;

    private ObjectBuilder(string name, byte* data, nuint size)
    {
        Name = name;
        _data = data;
        _size = size;
    }

    public string Name { get; }

    /// <summary>An object that was compiled into this assembly, read where it is mapped.</summary>
    public static ObjectBuilder FromResource(string name)
    {
        Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name + ".bpf.o")
            ?? throw new InvalidOperationException($"No object {name}.bpf.o was built in.");
        UnmanagedMemoryStream memory = (UnmanagedMemoryStream)stream;
        return new ObjectBuilder(name, memory.PositionPointer, (nuint)memory.Length);
    }

    /// <summary>Parses the object. Nothing reaches the kernel yet.</summary>
    public OpenedObject Open()
    {
        using LibBpfLog log = new();
        SafeFileHandle? kernelBtf = KernelBtf.Subset(new ReadOnlySpan<byte>(_data, (int)_size));
        byte[]? path = kernelBtf is null ? null : System.Text.Encoding.UTF8.GetBytes($"/proc/self/fd/{(int)kernelBtf.DangerousGetHandle()}\0");
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(Name + '\0'), custom = path)
        {
            LibBpf.BpfObjectOpenOpts options = new()
            {
                Size = (nuint)sizeof(LibBpf.BpfObjectOpenOpts),
                ObjectName = name,
                CustomBtfPath = custom,
            };
            nint handle = LibBpf.bpf_object__open_mem(_data, _size, &options);
            return handle != 0
                ? new OpenedObject(Name, new BpfObjectHandle(handle), kernelBtf)
                : throw KernelErrors.Load(Name, System.Runtime.InteropServices.Marshal.GetLastPInvokeError(), log.Text);
        }
    }
}
