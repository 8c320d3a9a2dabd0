using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;

namespace Ebee.Tests.Support;

/// <summary>Two ends of a virtual cable in a network namespace of a test's own, which ends with the test's thread.</summary>
internal sealed class PrivateNetwork
{
    private const int CloneNewNet = 0x40000000;

    /// <summary>The end that packets leave by.</summary>
    public string A { get; } = "ebee-a";

    /// <summary>The end that they arrive at.</summary>
    public string B { get; } = "ebee-b";

    /// <summary>Runs a test's body on a thread in such a namespace.</summary>
    public static void Run(Action<PrivateNetwork> body)
    {
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                Sys.Check(Sys.unshare(CloneNewNet), "unshare");
                PrivateNetwork network = new();
                network.Make();
                body(network);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    /// <summary>Sends so many datagrams from A to B, each in a packet of its own, and nothing else.</summary>
    public static void SendToB(int count)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = true };
        EndPoint to = new IPEndPoint(IPAddress.Parse("10.9.0.2"), 9);
        byte[] data = new byte[32];
        for (int i = 0; i < count; i++)
        {
            socket.SendTo(data, to);
            if (i % 64 == 63)
            {
                Thread.Sleep(1); // B's queue has 1,000 places
            }
        }
        Thread.Sleep(50);
    }

    private void Make()
    {
        Ip("link", "set", "lo", "up");
        Ip("link", "add", A, "type", "veth", "peer", "name", B);
        foreach (string end in new[] { A, B })
        {
            // Else the kernel sends packets of its own to find neighbours.
            File.WriteAllText($"/proc/sys/net/ipv6/conf/{end}/disable_ipv6", "1");
            Ip("link", "set", end, "up");
        }
        string address = System.Text.Json.JsonDocument.Parse(CommandRun.Run("ip", ["-j", "link", "show", B]).Output)
            .RootElement[0].GetProperty("address").GetString()!;
        Ip("address", "add", "10.9.0.1/24", "dev", A);
        Ip("neighbor", "add", "10.9.0.2", "lladdr", address, "dev", A);
    }

    private static void Ip(params string[] arguments)
    {
        CommandRun run = CommandRun.Run("ip", arguments);
        Assert.True(run.ExitCode == 0, $"ip {string.Join(' ', arguments)}: {run.Errors}");
    }
}
