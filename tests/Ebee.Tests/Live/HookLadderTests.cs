using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ebee.Programs;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>
/// All steps of a ladder trace the same deeds at once: their events are the same in every property, less what the last step
/// cannot know.
/// </summary>
[Trait("Category", "Live")]
[Trait("Kernels", "Short")]
public sealed class HookLadderTests
{
    [LiveFact]
    public void Executions()
    {
        string script = Path.Combine(TestFolder.New(), "script");
        File.WriteAllText(script, $"#!{CauseProgram.Path} -\n");
        File.SetUnixFileMode(script, File.GetUnixFileMode(CauseProgram.Path));
        using Cause cause = new("child", "one", "name", "a%20name", "child", "%ff", "try", "/no/such/file", "chdir", "/tmp", "child", "two",
            "unshare", "mnt", "thread", "uid", "65534", "exec", script, "x");
        Dictionary<string, JsonObject[]> events = Trace(new ExecTracer(), ["tp_btf", "raw_tp", "tp"], cause.Id, () => cause.Go());
        Assert.Equal(5, events["raw_tp"].Length);
        AreTheSame(events, "tp_btf", "raw_tp");
        AreTheSame(events, "raw_tp", "tp");
    }

    [LiveFact]
    public void Deletions()
    {
        string folder = TestFolder.New();
        string[] files = [.. Enumerable.Range(0, 5).Select(i => $"{folder}/{i}")];
        Array.ForEach(files, file => File.WriteAllText(file, ""));
        Directory.CreateDirectory($"{folder}/directory");
        Dictionary<string, JsonObject[]> events = Trace(new FileDeleteTracer(), ["fentry", "kprobe", "tp_btf", "raw_tp"], Environment.ProcessId, () =>
        {
            Sys.Check(Sys.unlink(Sys.Bytes(files[0])), "unlink");
            Sys.Check(Sys.unlinkat(Sys.AtFdcwd, Sys.Bytes(files[1]), 0), "unlinkat");
            Sys.Check(Sys.rmdir(Sys.Bytes($"{folder}/directory")), "rmdir");
            _ = Sys.unlink(Sys.Bytes($"{folder}/absent"));
            _ = Sys.unlink(Sys.Bytes(folder));
            Sys.Check(Sys.rename(Sys.Bytes(files[2]), Sys.Bytes(files[3])), "rename");
        });
        Assert.Equal(5, events["raw_tp"].Length);
        AreTheSame(events, "fentry", "kprobe");
        AreTheSame(events, "fentry", "tp_btf");
        AreTheSame(events, "kprobe", "tp_btf");
        // The paths given were absolute and without links.
        foreach (string hook in new[] { "fentry", "kprobe", "tp_btf" }.Where(events.ContainsKey))
        {
            events[hook] = [.. events[hook].Where(e => (string?)e["Operation"] != nameof(FileDeleteOperation.RenameOver))];
            AreTheSame(events, hook, "raw_tp", "PathResolved", "Inode", "Device");
        }
    }

    // As on a kernel that has renamed it, or whose compiler inlined it.
    [LiveTheory]
    [InlineData("path_unlink_fentry", "security_path_unlink")]
    [InlineData("unlink_fexit", "vfs_unlink")]
    [InlineData("path_unlink_kprobe", "security_path_unlink")]
    [InlineData("unlink_kretprobe", "vfs_unlink")]
    [InlineData("deletions_tp_btf", "sys_exit")]
    public void A_function_that_is_not_there_leads_to_the_next_step(string program, string function)
    {
        SkipException.If(program.Contains("probe", StringComparison.Ordinal) && Host.Kprobes.Missing() is not null, "needs kprobes");
        using Stream resource = typeof(FileDeleteTracer).Assembly.GetManifestResourceStream("filedelete.bpf.o")!;
        byte[] content = new byte[resource.Length];
        resource.ReadExactly(content);
        string renamed = function[..^2] + "zz";
        byte[] from = Encoding.ASCII.GetBytes($"/{function}\0"), to = Encoding.ASCII.GetBytes($"/{renamed}\0");
        int found = 0;
        for (int at; (at = content.AsSpan().IndexOf(from)) >= 0; found++)
        {
            to.CopyTo(content, at);
        }
        Assert.InRange(found, 1, 10);
        EbpfException e = Assert.Throws<EbpfException>(() =>
        {
            using OpenedObject opened = ObjectBuilder.FromBytes("filedelete", content).Open();
            opened.Enable(program);
            opened.ResizeMap("events", 1 << 16);
            using LoadedObject loaded = opened.Load();
            loaded.Attach(program);
        });
        Assert.True(Tracer<FileDeleteEvent>.LeadsToNextStep(e.Error), e.ErrorId);
        Assert.Contains(renamed, e.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, JsonObject[]> Trace<TEvent>(Tracer<TEvent> tracer, string[] hooks, int process, Action cause) where TEvent : class
    {
        Dictionary<string, Probe<TEvent>> probes = [];
        try
        {
            foreach (string hook in hooks)
            {
                try
                {
                    probes[hook] = tracer.Start(new TracerOptions { ProcessId = [process], IncludeChildren = true, IncludeFailed = true, Hook = hook });
                }
                catch (EbpfException)
                {
                    // whether the kernel may lack it, the tests of each tracer say
                }
            }
            cause();
            return probes.ToDictionary(probe => probe.Key,
                probe => probe.Value.DrainAll().Select(e => JsonSerializer.SerializeToNode(e, tracer.JsonType)!.AsObject()).ToArray());
        }
        finally
        {
            foreach (Probe<TEvent> probe in probes.Values)
            {
                probe.Dispose();
            }
        }
    }

    // Times are those of different places in the same call.
    private static void AreTheSame(Dictionary<string, JsonObject[]> events, string one, string other, params string[] unknown)
    {
        if (!events.TryGetValue(one, out JsonObject[]? ones) || !events.TryGetValue(other, out JsonObject[]? others))
        {
            return;
        }
        Assert.Equal(ones.Select(e => Text(e, unknown)), others.Select(e => Text(e, unknown)));
        Assert.All(ones.Zip(others), pair => Assert.InRange(Math.Abs((Time(pair.First) - Time(pair.Second)).TotalSeconds), 0, Guest.Limit(1)));
    }

    private static DateTimeOffset Time(JsonObject e) => e["Time"]!.GetValue<DateTimeOffset>();

    private static string Text(JsonObject e, string[] unknown) =>
        string.Join('\n', e.Where(property => property.Key != "Time" && !unknown.Contains(property.Key)).Select(property => $"{property.Key}: {property.Value?.ToJsonString()}"));
}
