namespace Ebee.Bench;

/// <summary>Where things are, from the repository's root, which is the current folder.</summary>
internal static class Paths
{
    public const string FillObject = "out/bench/fill.bpf.o";
    public const string EventObject = "out/bench/event.bpf.o";
    public const string RingReader = "out/bench/ring_reader";
    public const string MapReader = "out/bench/map_reader";
    public const string ExecLoop = "out/bench/exec_loop";
    public const string Command = "out/bin/ebee";
    public static readonly string Module = Path.GetFullPath("out/Ebee/Ebee.psd1");
}
