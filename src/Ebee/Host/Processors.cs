using System.Globalization;
using System.Runtime.InteropServices;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Host;

/// <summary>The machine's processors.</summary>
internal static unsafe class Processors
{
    private const string Folder = "/sys/devices/system/cpu";
    private static int _possible;

    /// <summary>
    /// How many values the kernel writes when an entry of a per-CPU map is read: one for each processor that could ever be there.
    /// The kernel itself is asked. What a file says may be another machine's, and too little room is written behind.
    /// </summary>
    /// <exception cref="EbpfException">This process may not make a map, or the kernel has no descriptor or memory left for it.</exception>
    public static int PossibleCount
    {
        get
        {
            if (_possible == 0)
            {
                _possible = CountPossible();
            }
            return _possible;
        }
    }

    /// <summary>The numbers of those that are online.</summary>
    public static IEnumerable<int> Online() => Online(Folder, "/proc/stat");

    /// <summary>As above, from given files: sysfs, and where that is not mounted, /proc/stat.</summary>
    internal static IEnumerable<int> Online(string folder, string stat) => File.Exists($"{folder}/online")
        ? Parse(File.ReadAllText($"{folder}/online"))
        : File.ReadLines(stat).Where(line => line.StartsWith("cpu", StringComparison.Ordinal) && TryParse(line.Split(' ')[0][3..], out _))
            .Select(line => int.Parse(line.Split(' ')[0].AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture)).ToArray();

    /// <summary>Reads a list such as 0-3,5.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    internal static IEnumerable<int> Parse(string list)
    {
        foreach (string range in list.Trim().Split(','))
        {
            string[] ends = range.Split('-');
            if (ends.Length > 2 || !TryParse(ends[0], out int first) || !TryParse(ends[^1], out int last))
            {
                throw new InvalidDataException($"'{range}' is no range of processors.");
            }
            for (int cpu = first; cpu <= last; cpu++)
            {
                yield return cpu;
            }
        }
    }

    // The values of a new map's entry are zeros, and nothing else in the buffer is.
    private static int CountPossible()
    {
        const uint PerCpuArray = 6; // BPF_MAP_TYPE_PERCPU_ARRAY
        const string What = "count the processors with";
        LibBpf.BpfMapCreateOpts options = new() { Size = (nuint)sizeof(LibBpf.BpfMapCreateOpts) };
        int fd = LibBpf.bpf_map_create(PerCpuArray, "ebee_cpus", sizeof(uint), sizeof(ulong), 1, &options);
        using SafeFileHandle map = fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelErrors.Map("ebee_cpus", What, -fd);
        nuint size = (ushort.MaxValue + 1) * sizeof(ulong); // eight times what a kernel can have
        void* values = NativeMemory.Alloc(size);
        try
        {
            NativeMemory.Fill(values, size, 0xff);
            uint key = 0;
            int result = LibBpf.bpf_map_lookup_elem(map, &key, values);
            return result == 0 ? new ReadOnlySpan<ulong>(values, ushort.MaxValue + 1).IndexOf(ulong.MaxValue) : throw KernelErrors.Map("ebee_cpus", What, -result);
        }
        finally
        {
            NativeMemory.Free(values);
        }
    }

    // The kernel has up to 8192.
    private static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= ushort.MaxValue;
}
