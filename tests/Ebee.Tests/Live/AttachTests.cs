using System.Net;
using System.Net.Sockets;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Each kind of hook: what a program counts there, against what was caused; and that nothing of it stays.</summary>
[Trait("Category", "Live")]
[Trait("Kernels", "Short")]
public sealed class AttachTests
{
    private const int Count = 5000;

    [LiveTheory]
    [InlineData("tracepoint_named", "")]
    [InlineData("tracepoint_open", "Tracepoint=syscalls:sys_enter_getsid")]
    [InlineData("raw_tracepoint_named", "")]
    [InlineData("raw_tracepoint_open", "Tracepoint=raw_syscalls:sys_enter")]
    [InlineData("btf_tracepoint_named", "")]
    [InlineData("btf_tracepoint_open", "Tracepoint=sys_enter")]
    [InlineData("kprobe_named", "")]
    [InlineData("kprobe_open", "Function=__x64_sys_getsid")]
    [InlineData("kprobe_open", "Function=__x64_sys_getsid+0x0")]
    [InlineData("kretprobe_open", "Function=__x64_sys_getsid")]
    [InlineData("kprobe_multi_open", "Function=__x64_sys_getsi?")]
    [InlineData("ksyscall_named", "")]
    [InlineData("fentry_open", "Function=__x64_sys_getsid")]
    [InlineData("fexit_open", "Function=__x64_sys_getsid")]
    [InlineData("lsm_named", "")]
    [InlineData("uprobe_named", "")]
    [InlineData("uprobe_open", "BinaryPath=libc.so.6 Symbol=getsid ProcessId")]
    [InlineData("uretprobe_open", "BinaryPath=libc.so.6 Symbol=getsid+0 ProcessId")]
    [InlineData("uprobe_multi_open", "BinaryPath=libc.so.6 Symbol=getsi? ProcessId")]
    [InlineData("uretprobe_multi_open", "BinaryPath=libc.so.6 Symbol=getsid")]
    public void Every_call_is_counted(string program, string hook)
    {
        Dictionary<string, string> given = hook.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(h => h.Split('=')[0], h => h.Split('=')[^1]);
        using EbpfProbe probe = Start(program, new()
        {
            Tracepoint = given.GetValueOrDefault("Tracepoint"),
            Function = given.GetValueOrDefault("Function"),
            BinaryPath = given.GetValueOrDefault("BinaryPath"),
            Symbol = given.GetValueOrDefault("Symbol"),
            ProcessId = given.ContainsKey("ProcessId") ? Environment.ProcessId : null,
        });
        Cause(probe, () =>
        {
            for (int i = 0; i < Count; i++)
            {
                _ = Sys.getsid(Environment.ProcessId); // of 0 no LSM hook is asked
            }
        });
        Assert.Equal((ulong)Count, Hits(probe));
        AssertLinked(probe);
    }

    [LiveFact]
    public void A_sampler_runs_so_often_on_each_cpu()
    {
        using EbpfProbe probe = Start("perf_event_open", new() { Frequency = 99 });
        // An idle CPU of a virtual machine takes no samples: all are kept busy.
        long end = Environment.TickCount64 + 2000;
        Thread[] busy = [.. Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (Environment.TickCount64 < end)
            {
            }
        }))];
        Array.ForEach(busy, thread => thread.Start());
        Array.ForEach(busy, thread => thread.Join());
        probe.Loaded!.Detach();
        Assert.Equal(Environment.ProcessorCount, probe.Programs[0].Hook.Length);
        // Without high-resolution timers a sample waits for the next tick.
        Assert.InRange((double)Hits(probe) / Environment.ProcessorCount / 2 / 99, 0.7, 1.3);
    }

    [LiveTheory]
    [InlineData("xdp_open", "b", "xdp")]
    [InlineData("tc_open", "b", "tcx")]
    [InlineData("tcx_ingress", "b", "tcx")]
    [InlineData("tcx_egress", "a", "tcx")]
    public void Every_packet_is_counted(string program, string end, string kind)
    {
        PrivateNetwork.Run(network =>
        {
            using EbpfProbe probe = Start(program, new() { Interface = [end == "a" ? network.A : network.B] });
            PrivateNetwork.SendToB(Count);
            Assert.Equal((ulong)Count, Hits(probe));
            AssertLinked(probe, kind);
        });
    }

    [LiveFact]
    public void Tc_egress_is_a_parameter_and_xdp_has_modes()
    {
        PrivateNetwork.Run(network =>
        {
            using EbpfProbe leaving = Start("tc_open", new() { Interface = [network.A], Direction = TrafficDirection.Egress });
            using EbpfProbe generic = Start("xdp_open", new() { Interface = [network.B], XdpMode = XdpMode.Generic });
            PrivateNetwork.SendToB(100);
            Assert.Equal((100ul, 100ul), (Hits(leaving), Hits(generic)));
            Assert.Contains("xdpgeneric", CommandRun.Run("ip", ["link", "show", "dev", network.B]).Output, StringComparison.Ordinal);
        });
    }

    [LiveTheory]
    [InlineData("connect4", 100)]
    [InlineData("socket_operations", 100)]
    public void Every_connection_of_a_cgroup_is_counted(string program, int count)
    {
        using Cgroup cgroup = Cgroup.New("", $"ebee-{Environment.ProcessId}-attach");
        using EbpfProbe probe = Start(program, new() { CgroupPath = cgroup.Folder });
        // Nobody listens there: a connection is tried, and refused. The shell itself enters the cgroup.
        CommandRun run = CommandRun.Run("bash", ["-c",
            $"echo $$ >'{cgroup.Folder}/cgroup.procs'; for ((i = 0; i < {count}; i++)); do (exec 3<>/dev/tcp/127.0.0.1/1) 2>/dev/null; done; true"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal((ulong)count, program == "connect4" ? Hits(probe) : Math.Min(Hits(probe), (ulong)count));
        AssertLinked(probe, "cgroup");
    }

    [LiveFact]
    public void A_socket_lookup_sees_each_connection_of_its_network_namespace()
    {
        PrivateNetwork.Run(network =>
        {
            using EbpfProbe probe = Start("lookup", new());
            for (int i = 0; i < 50; i++)
            {
                using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                Assert.Throws<SocketException>(() => socket.Connect(IPAddress.Loopback, 1));
            }
            Assert.InRange(Hits(probe), 50ul, 100ul);
            AssertLinked(probe, "netns");
            using EbpfProbe dissector = Start("dissector", new());
            AssertLinked(dissector, "netns");
        });
    }

    [LiveFact]
    public void A_message_of_a_socket_in_the_sockmap_is_seen()
    {
        using EbpfProbe probe = Start("message", new());
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using TcpClient client = new("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);
        using Socket server = listener.AcceptSocket();
        probe.Loaded!.Map("sockets").Update(0u, (ulong)client.Client.Handle);
        byte[] received = new byte[8];
        for (int i = 0; i < 100; i++)
        {
            client.Client.Send(BitConverter.GetBytes((long)i));
            Assert.Equal(8, server.Receive(received, 8, SocketFlags.None));
            Assert.Equal(i, BitConverter.ToInt64(received));
        }
        Assert.Equal(100ul, Hits(probe));
    }

    [LiveTheory]
    [InlineData("iterator_named", null)]
    [InlineData("iterator_open", "task")]
    public void An_iterator_is_linked(string program, string? function)
    {
        using EbpfProbe probe = Start(program, new() { Function = function });
        AssertLinked(probe, "iter");
    }

    [LiveFact]
    public void A_struct_ops_map_is_registered_until_the_probe_stops()
    {
        const string Known = "/proc/sys/net/ipv4/tcp_available_congestion_control";
        using (EbpfProbe probe = EbpfProbe.Start(BpfCause.Object("congestion")))
        {
            Assert.Contains("ebee_test", File.ReadAllText(Known).Split(' ', '\n'));
            Assert.Contains("struct_ops ebee_test", probe.Hook);
        }
        Assert.True(SpinWait.SpinUntil(() => !File.ReadAllText(Known).Contains("ebee_test", StringComparison.Ordinal), 5000));
    }

    [LiveFact]
    public void A_static_probe_of_a_program_is_counted()
    {
        using Cause cause = new("probe", $"{Count}");
        using EbpfProbe probe = EbpfProbe.Start(BpfCause.Object("usdt"),
            new() { BinaryPath = CauseProgram.Path, Symbol = "ebee:called", ProcessId = cause.Id });
        cause.Go();
        Assert.Equal((ulong)Count, Hits(probe));
    }

    [LiveFact]
    public void What_no_hook_runs_is_loaded_alone()
    {
        SkipException.If(KernelOffers.IsOlderThan("5.14"), "programs of the type syscall need Linux 5.14");
        using EbpfProbe probe = Start("test_run_only", new());
        Assert.Empty(probe.Hook);
        Assert.Equal("syscall", Assert.Single(probe.Programs).Type);
    }

    [LiveTheory]
    [InlineData("tracepoint_open", "AttachTargetMissing", "-Tracepoint")]
    [InlineData("xdp_open", "AttachTargetMissing", "-Interface")]
    [InlineData("connect4", "AttachTargetMissing", "-CgroupPath")]
    [InlineData("uprobe_open", "AttachTargetMissing", "-BinaryPath")]
    [InlineData("nonsense", "InvalidObject", "kprobe.multi")]
    public void What_a_section_leaves_open_must_be_given(string program, string error, string advice)
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Start(program, new()));
        Assert.Equal(error, e.Error.ToString());
        Assert.Contains(program, e.Message, StringComparison.Ordinal);
        Assert.Contains(advice, e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void What_is_not_there_is_named_with_what_is_like_it()
    {
        AssertUnknown("tracepoint_open", new() { Tracepoint = "syscalls:sys_enter_getsidd" }, "TracepointNotFound", "syscalls:sys_enter_getsid");
        AssertUnknown("raw_tracepoint_open", new() { Tracepoint = "sys_entr" }, "TracepointNotFound", "sys_enter");
        AssertUnknown("btf_tracepoint_open", new() { Tracepoint = "sys_entr" }, "TracepointNotFound", "sys_enter");
        AssertUnknown("uprobe_open", new() { BinaryPath = "libc.so.6", Symbol = "getsidd" }, "SymbolNotFound", "getsid");
        AssertUnknown("uprobe_multi_open", new() { BinaryPath = "libc.so.6", Symbol = "getsidd" }, "SymbolNotFound", "getsid");
        AssertUnknown("uprobe_open", new() { BinaryPath = "/nix/da", Symbol = "getsid" }, "SymbolNotFound", "path");
        AssertUnknown("xdp_open", new() { Interface = ["nix0"] }, "InterfaceNotFound", "lo");
        AssertUnknown("connect4", new() { CgroupPath = "/nix" }, "CgroupNotFound", "cgroup");
        AssertUnknown("perf_event_open", new() { ProcessId = int.MaxValue }, "ProcessNotFound", "Get-Process");
        AssertUnknown("tracepoint_named", new() { Frequency = 3 }, "InvalidArgument", "-Frequency");
    }

    private static void AssertUnknown(string program, HookOptions hook, string error, string advice)
    {
        SortedSet<string> before = BpfInventory.All();
        EbpfException e = Assert.Throws<EbpfException>(() => Start(program, hook));
        Assert.Equal(error, e.Error.ToString());
        Assert.Contains(advice, e.RecommendedAction, StringComparison.Ordinal);
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
    }

    // Skips, with the kernel's own word, where the kernel does not offer the hook.
    private static EbpfProbe Start(string program, HookOptions hook)
    {
        try
        {
            return EbpfProbe.Start(BpfCause.Object("attach"), new()
            {
                ProgramName = [program],
                Tracepoint = hook.Tracepoint,
                Function = hook.Function,
                Interface = hook.Interface,
                XdpMode = hook.XdpMode,
                Direction = hook.Direction,
                CgroupPath = hook.CgroupPath,
                BinaryPath = hook.BinaryPath,
                Symbol = hook.Symbol,
                ProcessId = hook.ProcessId,
                Frequency = hook.Frequency,
            });
        }
        catch (EbpfException e) when (e.Error is EbpfError.PermissionDenied or EbpfError.NotSupported or EbpfError.AttachFailed)
        {
            string? reason = KernelOffers.MayMiss(KernelOffers.FeatureOf(program));
            SkipException.If(reason is not null, reason!);
            throw;
        }
    }

    private static void Cause(EbpfProbe probe, Action action)
    {
        probe.Loaded!.Map("target").Update(0u, (uint)Environment.ProcessId);
        ulong before = Hits(probe);
        Assert.Equal(0ul, before);
        action();
        probe.Loaded!.Map("target").Update(0u, uint.MaxValue);
    }

    private static unsafe ulong Hits(EbpfProbe probe)
    {
        uint key = 0;
        ulong hits = 0;
        Assert.Equal(0, LibBpf.bpf_map_lookup_elem(probe.Loaded!.Map("hits").Fd, &key, &hits));
        return hits;
    }

    // bpftool is the witness: it knows the link, and the link's program is the probe's.
    private static void AssertLinked(EbpfProbe probe, string? kind = null)
    {
        ProbeProgram program = Assert.Single(probe.Programs);
        foreach (uint id in program.LinkId)
        {
            CommandRun run = CommandRun.Run("bpftool", ["-j", "link", "show", "id", $"{id}"]);
            Assert.Equal(0, run.ExitCode);
            Assert.Equal(program.ProgramId, System.Text.Json.JsonDocument.Parse(run.Output).RootElement.GetProperty("prog_id").GetUInt32());
        }
        // Before Linux 5.15 a perf event has no link.
        Assert.True(program.LinkId.Length == program.Hook.Length || (program.LinkId.Length == 0 && KernelOffers.IsOlderThan("5.15")));
        if (kind is not null)
        {
            Assert.StartsWith(kind == "xdp" || kind == "tcx" || kind == "iter" ? kind : program.Section, program.Hook[0], StringComparison.Ordinal);
        }
    }
}
