using Ebee.Native;

namespace Ebee.Host;

/// <summary>The network interfaces of this thread's network namespace.</summary>
internal static class NetworkInterfaces
{
    /// <summary>The index of the one of that name.</summary>
    /// <exception cref="EbpfException">There is none.</exception>
    public static uint IndexOf(string name) => LibC.if_nametoindex(name) is > 0 and uint index
        ? index
        : throw new EbpfException(EbpfError.InterfaceNotFound, $"There is no network interface '{name}'.",
            $"These are there: {string.Join(", ", Names())}.");

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names() => System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name);
}
