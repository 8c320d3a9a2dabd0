using System.Globalization;
using Ebee.Host;
using Ebee.Native;

namespace Ebee.Programs;

/// <summary>The sizes of maps of stack traces, which profilers leave to their loader.</summary>
internal static class StackMaps
{
    private const uint Stacks = 1024, Frames = 127; // as many frames as the kernel takes unless told

    /// <summary>Sets what a map's definition leaves open.</summary>
    public static void SetSizes(nint map)
    {
        if (LibBpf.bpf_map__key_size(map) == 0)
        {
            _ = LibBpf.bpf_map__set_key_size(map, sizeof(uint));
        }
        if (LibBpf.bpf_map__value_size(map) == 0)
        {
            _ = LibBpf.bpf_map__set_value_size(map, sizeof(ulong) * Math.Min(Frames, MostFrames()));
        }
        if (LibBpf.bpf_map__max_entries(map) == 0)
        {
            _ = LibBpf.bpf_map__set_max_entries(map, Stacks);
        }
    }

    private static uint MostFrames()
    {
        try
        {
            return uint.TryParse(File.ReadAllText("/proc/sys/kernel/perf_event_max_stack"), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out uint most)
                && most > 0 ? most : Frames;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Frames; // without /proc it is not known to be fewer
        }
    }
}
