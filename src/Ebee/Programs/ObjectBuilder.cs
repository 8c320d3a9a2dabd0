using System.Reflection;
using Ebee.Native;

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
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(Name + '\0'))
        {
            LibBpf.BpfObjectOpenOpts options = new() { Size = (nuint)sizeof(LibBpf.BpfObjectOpenOpts), ObjectName = name };
            nint handle = LibBpf.bpf_object__open_mem(_data, _size, &options);
            return handle != 0
                ? new OpenedObject(Name, new BpfObjectHandle(handle))
                : throw KernelErrors.Load(Name, System.Runtime.InteropServices.Marshal.GetLastPInvokeError(), log.Text);
        }
    }
}
