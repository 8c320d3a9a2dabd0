using Ebee.Native;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Where probes are pinned, what is removed of it, and what becomes of the probe when it is not.</summary>
[Trait("Category", "Live")]
public sealed class PinTests
{
    private const string Team = "4242";

    private static readonly Lazy<byte[]> Program = new(() => SourceCompiler.Compile("""
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u32); } counts SEC(".maps"), more SEC(".maps");
        SEC("raw_tp/sys_enter") int on(void *context) { u32 key = 0; return bpf_map_lookup_elem(&counts, &key) != 0; }
        """));

    [LiveTheory]
    [InlineData("mkdir team; chown 4242 team", "team/probe", "team belongs to the user 4242")]
    [InlineData("mkdir team; chmod 777 team", "team/probe", "every user can write to {0}/team")]
    [InlineData("mkdir team; chgrp 4242 team; chmod 2775 team", "team/a/probe", "the group 4242 can write to {0}/team")]
    [InlineData("mkdir real; ln -s real team; chown -h 4242 team", "team/probe", "team belongs to the user 4242")]
    [InlineData("chmod 777 .", "probe", "every user can write to {0}")]
    public void A_folder_that_others_can_change_takes_no_pins(string attack, string pins, string doubt) => InBpffs(fs =>
    {
        FileTrustTests.Shell($"cd {fs}; {attack}");
        foreach (ProbeOptions options in new[] { new ProbeOptions { PinPath = $"{fs}/{pins}" }, new ProbeOptions { MapPin = new Dictionary<string, string> { ["counts"] = $"{fs}/{pins}" } } })
        {
            if (options.PinPath is null && pins.Contains("/a/", StringComparison.Ordinal))
            {
                continue; // -MapPin makes no folder
            }
            EbpfException e = Assert.Throws<EbpfException>(() => Start(options));
            Assert.Equal(EbpfError.FileUntrusted, e.Error);
            Assert.Contains(doubt.Replace("{0}", fs, StringComparison.Ordinal), e.Message, StringComparison.Ordinal);
            Assert.Contains("mount -t bpf -o mode=0700", e.RecommendedAction, StringComparison.Ordinal);
        }
        Assert.All(Pins(fs), pin => Assert.EndsWith(".debug", pin, StringComparison.Ordinal));
    });

    [LiveTheory]
    [InlineData("mkdir probe; chown 4242 probe")]
    [InlineData("ln -s /tmp probe; chown -h 4242 probe")]
    [InlineData("ln -s nowhere probe")]
    public void What_is_there_already_is_not_taken(string attack) => InBpffs(fs =>
    {
        FileTrustTests.Shell($"cd {fs}; {attack}");
        Assert.Equal(EbpfError.FileExists, Assert.Throws<EbpfException>(() => Start(new ProbeOptions { PinPath = $"{fs}/probe" })).Error);
        Assert.Equal(EbpfError.FileExists, Assert.Throws<EbpfException>(() => Start(new ProbeOptions { MapPin = new Dictionary<string, string> { ["counts"] = $"{fs}/probe" } })).Error);
    });

    [LiveFact]
    public void All_of_it_is_pinned_for_the_user_alone_and_removed() => InBpffs(fs =>
    {
        EbpfProbe probe = Start(new ProbeOptions { PinPath = $"{fs}/new/probe" });
        Assert.Equal(["link/on", "map/counts", "map/more", "program/on"], Pins($"{fs}/new/probe"));
        Assert.All(Directory.GetDirectories(fs, "*", SearchOption.AllDirectories), folder => Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(folder)));
        probe.Stop();
        Assert.Equal([$"{fs}/new"], Directory.GetDirectories(fs, "*", SearchOption.AllDirectories));
        AssertGone(probe);
    });

    // Each is what somebody else did after the start, whoever let them.
    [LiveTheory]
    [InlineData("mkdir probe/link/extra", "probe/link/extra' is not the probe's own")]
    [InlineData("mkdir probe/extra", "probe/extra' is not the probe's own")]
    [InlineData("mv probe/map probe/old; ln -s ../precious probe/map", "probe/map' is not the probe's own")]
    [InlineData("mv probe away; mkdir probe; ln -s ../precious probe/link", "probe' was moved: it is '{0}/away'")]
    [InlineData("rm probe/map/counts; ln -s ../../precious/counts probe/map/counts", "probe/map/counts' is not a pin")]
    [InlineData("rm probe/map/counts; mv precious/counts probe/map/counts", "probe/map/counts' is a pin of something else")]
    public void What_is_not_its_own_stays_and_is_named_and_the_probe_is_stopped(string attack, string named) => InBpffs(fs =>
    {
        Directory.CreateDirectory($"{fs}/precious");
        using EbpfProbe precious = Start(new ProbeOptions { MapPin = new Dictionary<string, string> { ["counts"] = $"{fs}/precious/counts" } });
        EbpfProbe probe = Start(new ProbeOptions { PinPath = $"{fs}/probe" });
        FileTrustTests.Shell($"cd {fs}; {attack}");
        EbpfException e = Assert.Throws<EbpfException>(probe.Stop);
        Assert.Equal(EbpfError.FileFailed, e.Error);
        Assert.True(e.Message.Contains(named.Replace("{0}", fs, StringComparison.Ordinal), StringComparison.Ordinal), e.Message);
        Assert.False(probe.IsRunning);
        AssertGone(probe);
        Assert.Contains(Directory.GetFiles(fs, "counts", SearchOption.AllDirectories), file => !file.Contains("/old/", StringComparison.Ordinal));
        probe.Stop(); // again: nothing more
    });

    [LiveFact]
    public void A_probe_whose_pins_cannot_be_removed_is_named_with_what_holds_it() => InBpffs(fs =>
    {
        EbpfProbe probe = Start(new ProbeOptions { PinPath = $"{fs}/probe" });
        FileTrustTests.Shell($"mount --bind {fs} {fs}; mount -o remount,bind,ro {fs}");
        try
        {
            using EbpfProbe found = EbpfProbe.FromPins($"{fs}/probe");
            EbpfException e = Assert.Throws<EbpfException>(found.Stop);
            Assert.Contains($"{fs}/probe/link/on' could not be removed: EROFS, and keeps its program attached", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            FileTrustTests.Shell($"umount {fs}");
            probe.Stop();
        }
    });

    [LiveFact]
    public void Pins_of_another_user_are_not_opened() => InBpffs(fs =>
    {
        EbpfProbe probe = Start(new ProbeOptions { PinPath = $"{fs}/probe" });
        foreach (string place in new[] { $"{fs}/probe", $"{fs}/probe/link", $"{fs}/probe/map/counts" })
        {
            FileTrustTests.Shell($"chown {Team} {place}");
            EbpfException e = Assert.Throws<EbpfException>(() => EbpfProbe.FromPins($"{fs}/probe"));
            Assert.Equal(EbpfError.FileUntrusted, e.Error);
            Assert.Contains($"{place} belongs to the user {Team}", e.Message, StringComparison.Ordinal);
            FileTrustTests.Shell($"chown 0 {place}");
        }
        EbpfProbe.FromPins($"{fs}/probe").Stop();
        Assert.Empty(Directory.GetDirectories(fs));
        probe.Dispose();
        AssertGone(probe);
    });

    [LiveFact]
    public void A_start_that_fails_takes_back_each_pin() => InBpffs(fs =>
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Start(new ProbeOptions
        {
            PinPath = $"{fs}/probe",
            MapPin = new Dictionary<string, string> { ["counts"] = $"{fs}/counts", ["more"] = $"{fs}/counts" },
        }));
        Assert.Equal(EbpfError.FileExists, e.Error);
        Assert.DoesNotContain("Besides", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(fs));
        Assert.False(File.Exists($"{fs}/counts"));
    });

    private static EbpfProbe Start(ProbeOptions options)
    {
        using ObjectBuilder builder = ObjectBuilder.FromBytes("pins", Program.Value);
        return ProbeStart.Run(builder, options);
    }

    private static void AssertGone(EbpfProbe probe) => Assert.True(SpinWait.SpinUntil(() => probe.Programs.All(program =>
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle? alive = KernelObjects.Programs.Open(program.ProgramId);
        return alive is null;
    }), (int)Guest.Limit(2_000)));

    private static string[] Pins(string folder) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal)];

    // One without mode=, as others mount it, that goes with the namespace.
    private static void InBpffs(Action<string> body) => PrivateMounts.Run(() =>
    {
        string fs = TestFolder.New("bpffs");
        Sys.Mount("bpf", fs, "bpf");
        body(fs);
    });
}
