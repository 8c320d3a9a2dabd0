using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>The session's own network namespace: which socket a packet goes to (Linux 5.9), how its flow is read (5.8).</summary>
internal sealed class NetworkNamespaceKind : AttachKind
{
    private const string Namespace = "/proc/thread-self/ns/net";

    public override IReadOnlyList<string> Sections { get; } = ["sk_lookup", "flow_dissector"];

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string name = new FileInfo(Namespace).LinkTarget ?? Namespace;
        yield return LibBpfHook(Prefix(program), name, static loaded =>
        {
            using SafeFileHandle handle = File.OpenHandle(Namespace);
            return LibBpf.bpf_program__attach_netns(loaded.Handle, handle);
        });
    }
}
