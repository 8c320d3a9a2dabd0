using System.Buffers.Binary;
using System.Text.Json;
using Ebee.Maps;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Live;

/// <summary>Runs of programs without their hook, against bpftool prog run of the same program with the same bytes.</summary>
[Trait("Category", "Live")]
public sealed class TestRunTests : IDisposable
{
    private LoadedObject? _loaded;

    public void Dispose() => _loaded?.Dispose();

    [LiveTheory]
    [InlineData(0, "XDP_ABORTED")]
    [InlineData(1, "XDP_DROP")]
    [InlineData(2, "XDP_PASS")]
    [InlineData(3, "XDP_TX")]
    [InlineData(4, "XDP_REDIRECT")]
    [InlineData(9, null)]
    public void An_xdp_program_changes_the_packet(byte action, string? name)
    {
        byte[] packet = [action, .. Enumerable.Range(1, 99).Select(i => (byte)i)];
        EbpfTestRun run = Run("run_xdp", packet);
        Assert.Equal(((uint)action, name, "xdp", 1, null), (run.ReturnValue, run.ReturnName, run.ProgramType, run.Repeat, run.Context));
        Assert.Equal([0xeb, 0xee, 0, 0, .. packet], run.Data!);
        Assert.NotNull(run.DurationNs);
        SameAsBpftool(run, packet, null);
    }

    [LiveTheory]
    [InlineData(5u, uint.MaxValue, "TC_ACT_UNSPEC")]
    [InlineData(7u, 2u, "TC_ACT_SHOT")]
    public void A_tc_program_changes_the_context(uint mark, uint value, string name)
    {
        byte[] context = new byte[192]; // struct __sk_buff
        BinaryPrimitives.WriteUInt32LittleEndian(context.AsSpan(8), mark);
        byte[] packet = new byte[60];
        EbpfTestRun run = Run("run_tc", packet, context);
        Assert.Equal((value, name), (run.ReturnValue, run.ReturnName));
        Assert.Equal(mark + 1, BinaryPrimitives.ReadUInt32LittleEndian(run.Context.AsSpan(8)));
        Assert.Equal(packet, run.Data);
        SameAsBpftool(run, packet, context);
    }

    [LiveTheory]
    [InlineData("run_cgroup", 60, 0u)]
    [InlineData("run_cgroup", 200, 1u)]
    [InlineData("run_socket", 64, 50u)] // without the Ethernet header
    [InlineData("run_socket", 1014, 1000u)]
    public void Programs_of_sockets_see_the_packet(string program, int length, uint value)
    {
        byte[] packet = new byte[length];
        EbpfTestRun run = Run(program, packet);
        Assert.Equal((value, null), (run.ReturnValue, run.ReturnName));
        SameAsBpftool(run, packet, null);
    }

    [LiveTheory]
    [InlineData(4711, "SK_PASS")]
    [InlineData(80, "SK_DROP")]
    public void A_lookup_program_sees_its_context(int port, string name)
    {
        byte[] context = new byte[72]; // struct bpf_sk_lookup
        BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(8), 2); // AF_INET
        BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(12), 6); // IPPROTO_TCP
        BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(60), port);
        EbpfTestRun run = Run("run_lookup", null, context);
        Assert.Equal((name, null), (run.ReturnName, run.Data));
    }

    [LiveFact]
    public void A_raw_tracepoint_program_sees_its_arguments()
    {
        byte[] context = new byte[16];
        context[0] = 21;
        EbpfTestRun run = Run("run_raw_tp", null, context);
        Assert.Equal((42u, "raw_tracepoint", null, null, null), (run.ReturnValue, run.ProgramType, run.DurationNs, run.Data, run.Context));
    }

    [LiveFact]
    public void A_syscall_program_writes_to_its_context_and_the_callers_bytes_stay()
    {
        byte[] context = new byte[24];
        (context[0], context[8]) = (3, 4);
        EbpfTestRun run = Run("run_syscall", null, context);
        Assert.Equal((42u, (byte)7), (run.ReturnValue, run.Context![16]));
        Assert.Equal(0, context[16]);
    }

    [LiveFact]
    public void A_thousand_runs_are_a_thousand_runs()
    {
        EbpfTestRun run = Run("run_tc", repeat: 1000);
        Assert.Equal((1000, 64), (run.Repeat, run.Data!.Length));
        Assert.InRange(run.DurationNs!.Value, 1u, 100_000u);
        BpfMap map = _loaded!.Map("run_count");
        Assert.Equal(1000ul, ReadCount(map));
    }

    [LiveTheory]
    [InlineData("run_perf_event", null, null, 1, EbpfError.NotSupported, "perf_event")]
    [InlineData("run_xdp", 13, null, 1, EbpfError.InvalidArgument, "13 bytes of data")]
    [InlineData("run_xdp", 100_000_000, null, 1, EbpfError.InvalidArgument, "100000000 bytes of data")]
    [InlineData("run_tc", 64, 5000, 1, EbpfError.InvalidArgument, null)]
    [InlineData("run_raw_tp", null, null, 1, EbpfError.InvalidArgument, "0 bytes of context")]
    [InlineData("run_raw_tp", 64, 8, 1, EbpfError.InvalidArgument, "no packet")]
    [InlineData("run_raw_tp", null, 8, 2, EbpfError.InvalidArgument, "once")]
    [InlineData("run_syscall", null, 24, 2, EbpfError.InvalidArgument, "once")]
    public void What_cannot_be_run_says_why(string program, int? data, int? context, int repeat, EbpfError error, string? said)
    {
        EbpfException e = Assert.Throws<EbpfException>(() =>
            Run(program, data is { } d ? new byte[d] : null, context is { } c ? Enumerable.Repeat((byte)1, c).ToArray() : null, repeat));
        Assert.Equal(error, e.Error);
        Assert.Contains(program, e.Message, StringComparison.Ordinal);
        Assert.Contains(said ?? "", e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(e.RecommendedAction);
        if (error == EbpfError.NotSupported)
        {
            Assert.Contains("xdp", e.RecommendedAction, StringComparison.Ordinal);
        }
    }

    private EbpfTestRun Run(string program, byte[]? data = null, byte[]? context = null, int repeat = 1)
    {
        using ObjectBuilder builder = ObjectBuilder.FromFile(BpfCause.Object("run"));
        using OpenedObject opened = builder.Open();
        _loaded?.Dispose();
        _loaded = opened.Load();
        ObjectProgram found = _loaded.Programs.Single(p => p.Name == program);
        using HostInventory inventory = new(withHolders: false);
        EbpfProgram listed = inventory.Programs().Last(p => p.Name == program); // the newest
        using SafeFileHandle handle = new(found.Fd, ownsHandle: false);
        return TestRun.Run(handle, listed.Id, listed.Name, listed.Type, data, context, repeat);
    }

    private static void SameAsBpftool(EbpfTestRun run, byte[]? data, byte[]? context)
    {
        string folder = TestFolder.New("run");
        List<string> arguments = ["-j", "prog", "run", "id", $"{run.ProgramId}"];
        if (data is not null)
        {
            File.WriteAllBytes($"{folder}/data_in", data);
            arguments.AddRange(["data_in", $"{folder}/data_in", "data_out", $"{folder}/data_out", "data_size_out", "4096"]);
        }
        if (context is not null)
        {
            File.WriteAllBytes($"{folder}/ctx_in", context);
            arguments.AddRange(["ctx_in", $"{folder}/ctx_in"]);
        }
        if (run.Context is not null)
        {
            arguments.AddRange(["ctx_out", $"{folder}/ctx_out", "ctx_size_out", "4096"]);
        }
        CommandRun bpftool;
        try
        {
            bpftool = CommandRun.Run("bpftool", arguments);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new SkipException("needs bpftool");
        }
        Assert.True(bpftool.ExitCode == 0, bpftool.Output + bpftool.Errors);
        Assert.Equal(run.ReturnValue, JsonDocument.Parse(bpftool.Output).RootElement.GetProperty("retval").GetUInt32());
        if (run.Data is not null)
        {
            Assert.Equal(File.ReadAllBytes($"{folder}/data_out"), run.Data);
        }
        if (run.Context is not null)
        {
            Assert.Equal(File.ReadAllBytes($"{folder}/ctx_out"), run.Context);
        }
    }

    private static unsafe ulong ReadCount(BpfMap map)
    {
        uint key = 0;
        ulong value = 0;
        Assert.Equal(0, Native.LibBpf.bpf_map_lookup_elem(map.Fd, &key, &value));
        return value;
    }
}
