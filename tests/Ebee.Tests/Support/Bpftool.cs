using System.Text.Json;

namespace Ebee.Tests.Support;

/// <summary>What bpftool says of the host: the witness.</summary>
internal static class Bpftool
{
    /// <summary>
    /// The objects that bpftool shows, before and after an action, by id; only those that it shows alike both times, since
    /// others on the machine load and unload theirs meanwhile.
    /// </summary>
    public static Dictionary<uint, JsonElement> Around(string kind, Action action)
    {
        Dictionary<uint, JsonElement> before = Show(kind);
        action();
        Dictionary<uint, JsonElement> after = Show(kind);
        return before.Where(item => after.TryGetValue(item.Key, out JsonElement again) && Same(item.Value, again))
            .ToDictionary();
    }

    /// <summary>All that it shows, as <see cref="BpfInventory"/> names it: "prog 12", "map 3", "link 4".</summary>
    public static HashSet<string> Ids() => [.. new[] { "prog", "map", "link" }.SelectMany(kind => Show(kind).Keys.Select(id => $"{kind} {id}"))];

    // The time is made of two readings of clocks each time, and may fall to either side of a second.
    private static bool Same(JsonElement one, JsonElement other) => one.EnumerateObject().Where(field => field.Name != "loaded_at")
        .Select(field => field.ToString()).SequenceEqual(other.EnumerateObject().Where(field => field.Name != "loaded_at").Select(field => field.ToString()));

    private static Dictionary<uint, JsonElement> Show(string kind)
    {
        SkipException.If(!new[] { "/usr/sbin", "/usr/bin", "/sbin" }.Any(folder => File.Exists($"{folder}/bpftool")), "needs bpftool");
        // It opens each object in turn, and may meet one that goes at that moment; then it says so in place of a list.
        for (int attempt = 0; ; attempt++)
        {
            (int code, string output, string error) = CommandRun.Run("bpftool", ["-j", kind, "show"]);
            if (code == 0)
            {
                uint[] ids = [.. JsonDocument.Parse(output).RootElement.EnumerateArray().Select(item => item.GetProperty("id").GetUInt32())];
                return ids.Select(id => One(kind, id)).OfType<JsonElement>().ToDictionary(item => item.GetProperty("id").GetUInt32());
            }
            Assert.True(attempt < 20, error + output);
        }
    }

    // Asked for one by one: in a list, a map without BTF is shown with the btf_id of the one before it, since
    // Linux 6.18 leaves in the struct what stood there.
    private static JsonElement? One(string kind, uint id)
    {
        CommandRun run = CommandRun.Run("bpftool", ["-j", kind, "show", "id", $"{id}"]);
        return run.ExitCode == 0 ? JsonDocument.Parse(run.Output).RootElement : null;
    }
}
