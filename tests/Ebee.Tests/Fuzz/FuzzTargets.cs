namespace Ebee.Tests.Fuzz;

/// <summary>All parsers of outside data. A new one is one more entry, in the file of its kind.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
        [.. BtfTargets.All, .. ObjectTargets.All, .. EventTargets.All, .. LogTargets.All, .. HostTargets.All, .. InputTargets.All];
}
