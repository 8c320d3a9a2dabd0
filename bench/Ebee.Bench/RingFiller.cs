using System.Runtime.InteropServices;

namespace Ebee.Bench;

/// <summary>Fills a ring with copies of a record, from within the kernel (bench/fill.bpf.c).</summary>
internal sealed unsafe class RingFiller : IDisposable
{
    private readonly nint _object;
    private readonly int _program;

    /// <summary>Makes a filler of its own ring, or of one that exists, by its map id.</summary>
    public RingFiller(ReadOnlySpan<byte> record, uint? ring = null)
    {
        _object = LibBpf.bpf_object__open_file(Paths.FillObject, null);
        if (_object == 0)
        {
            throw new InvalidOperationException($"{Paths.FillObject} cannot be opened: error {Marshal.GetLastPInvokeError()}.");
        }
        try
        {
            nint map = LibBpf.bpf_object__find_map_by_name(_object, "ring");
            if (ring is uint id)
            {
                int fd = LibBpf.Check(LibBpf.bpf_map_get_fd_by_id(id), $"open the map {id}");
                LibBpf.Check(LibBpf.bpf_map__reuse_fd(map, fd), $"reuse the map {id}"); // it keeps a copy
                _ = LibBpf.close(fd);
            }
            LibBpf.Check(LibBpf.bpf_object__load(_object), "load " + Paths.FillObject);
            RingFd = LibBpf.bpf_map__fd(map);
            _program = LibBpf.bpf_program__fd(LibBpf.bpf_object__find_program_by_name(_object, "fill"));
            SetRecord(record);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The ring's descriptor.</summary>
    public int RingFd { get; }

    /// <summary>Writes until the ring is full. Whether there was room.</summary>
    public bool Fill()
    {
        LibBpf.TestRunOptions options = new() { Size = (nuint)sizeof(LibBpf.TestRunOptions) };
        LibBpf.Check(LibBpf.bpf_prog_test_run_opts(_program, &options), "run fill");
        return options.ReturnValue > 1; // the last one did not fit
    }

    /// <inheritdoc/>
    public void Dispose() => LibBpf.bpf_object__close(_object);

    private void SetRecord(ReadOnlySpan<byte> record)
    {
        nint map = LibBpf.bpf_object__find_map_by_name(_object, "records");
        byte[] value = new byte[LibBpf.bpf_map__value_size(map)];
        MemoryMarshal.Write(value, record.Length);
        record.CopyTo(value.AsSpan(sizeof(int)));
        uint key = 0;
        fixed (byte* data = value)
        {
            LibBpf.Check(LibBpf.bpf_map__update_elem(map, &key, sizeof(uint), data, (nuint)value.Length, 0), "set the record");
        }
    }
}
