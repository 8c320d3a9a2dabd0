using System.Runtime.InteropServices;

namespace Ebee.Tests.Support;

/// <summary>Programs, maps and links of several kinds in the kernel (causes/known.bpf.c), as long as this is not disposed.</summary>
internal sealed unsafe partial class KnownObjects : IDisposable
{
    private const string Library = "libbpf.so.1";
    private readonly nint _object;
    private readonly List<nint> _links = [];

    /// <summary>Loads all programs, and links those that their section says where to.</summary>
    public KnownObjects()
    {
        _object = bpf_object__open(BpfCause.Object("known"));
        Assert.NotEqual(0, _object);
        Assert.Equal(0, bpf_object__load(_object));
        foreach (string program in new[] { "known_raw_tp", "known_with_a_name_that_the_kernel_cuts", "known_iterator" })
        {
            Add(bpf_program__attach(Find(program)), program);
        }
    }

    /// <summary>Links the program for outgoing packets to a cgroup's folder.</summary>
    public void LinkToCgroup(string folder)
    {
        int fd = Sys.openat(Sys.AtFdcwd, Sys.Bytes(folder), Sys.ODirectory | Sys.OCloexec, 0);
        Sys.Check(fd, folder);
        Add(bpf_program__attach_cgroup(Find("known_egress"), fd), folder);
        _ = Sys.close(fd);
    }

    /// <summary>Links the XDP program to a network interface.</summary>
    public void LinkToInterface(string name)
    {
        int index = int.Parse(File.ReadAllText($"/sys/class/net/{name}/ifindex"), System.Globalization.CultureInfo.InvariantCulture);
        Add(bpf_program__attach_xdp(Find("known_xdp"), index), name);
    }

    /// <summary>Whether libbpf loads an object and attaches its one program, which it lets go again.</summary>
    public static bool Attaches(string path, string program)
    {
        nint obj = bpf_object__open(path);
        Assert.NotEqual(0, obj);
        nint link = bpf_object__load(obj) == 0 ? bpf_program__attach(bpf_object__find_program_by_name(obj, program)) : 0;
        bool attached = link != 0 && bpf_link__destroy(link) == 0;
        bpf_object__close(obj);
        return attached;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.ForEach(link => _ = bpf_link__destroy(link));
        bpf_object__close(_object);
    }

    private nint Find(string program) => bpf_object__find_program_by_name(_object, program);

    private void Add(nint link, string what)
    {
        Assert.True(link != 0, $"{what} was not linked.");
        _links.Add(link);
    }

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint bpf_object__open(string path);

    [LibraryImport(Library)]
    private static partial int bpf_object__load(nint obj);

    [LibraryImport(Library)]
    private static partial void bpf_object__close(nint obj);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint bpf_object__find_program_by_name(nint obj, string name);

    [LibraryImport(Library)]
    private static partial nint bpf_program__attach(nint program);

    [LibraryImport(Library)]
    private static partial nint bpf_program__attach_cgroup(nint program, int cgroup);

    [LibraryImport(Library)]
    private static partial nint bpf_program__attach_xdp(nint program, int index);

    [LibraryImport(Library)]
    private static partial int bpf_link__destroy(nint link);
}
