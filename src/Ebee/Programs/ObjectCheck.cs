using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>
/// Tries an object that is not Ebee's own in another process before this one opens and loads it: libbpf does not survive every file,
/// and a session must. What has succeeded once in this session is not tried again.
/// </summary>
/// <param name="name">The object's name.</param>
/// <param name="elf">Its bytes.</param>
/// <param name="kernelBtf">The kernel's types that libbpf is given; null when it finds them by itself.</param>
/// <param name="cancellation">Ends the other process.</param>
internal sealed class ObjectCheck(string name, byte[] elf, SafeFileHandle? kernelBtf, CancellationToken cancellation = default)
{
    private const int RememberedMax = 16 << 20; // bytes
    private static readonly List<(string Name, byte[] Elf, byte[]? Settings)> Remembered = [];

    /// <summary>
    /// How long libbpf and the kernel may take: of 10,000 damaged objects, none that ended took more than 5 seconds; but a verifier
    /// that gives up after a million instructions is asked for its log five times.
    /// </summary>
    internal TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The object's bytes.</summary>
    internal ReadOnlySpan<byte> Elf => elf;

    /// <summary>Opens the object.</summary>
    /// <returns>The error that an opening here would give; <see cref="CheckPhase.Done"/> when it gives none.</returns>
    /// <exception cref="EbpfException">libbpf did not survive it, or took too long.</exception>
    public CheckResult Open() => Run(null);

    /// <summary>Opens and loads the object.</summary>
    /// <returns>The error that a load here would give; <see cref="CheckPhase.Done"/> when it gives none.</returns>
    /// <exception cref="EbpfException">libbpf did not survive it, or took too long.</exception>
    public CheckResult Load(CheckSettings settings) => Run(settings);

    private CheckResult Run(CheckSettings? settings)
    {
        // What a descriptor refers to may be another map the next time.
        byte[]? key = settings?.Bytes.ToArray();
        bool canRemember = settings is null or { Descriptors.Count: 0 };
        if (canRemember && IsRemembered(key))
        {
            return default;
        }
        CheckResult result = LibBpfCheck.Run(elf, name, kernelBtf, settings, Limit, cancellation);
        string doing = settings is null ? "opened" : "loaded";
        if (result.Phase is CheckPhase.Crashed or CheckPhase.TimedOut)
        {
            throw new EbpfException(EbpfError.ObjectUnsafe, result.Phase == CheckPhase.TimedOut
                ? $"The object {name} was not {doing} in {Limit.TotalSeconds} seconds, in a process of its own, which was stopped."
                : $"libbpf does not survive the object {name}: the process that {doing} it first ended with {Signal.Name(result.Signal)}.",
                result.Phase == CheckPhase.TimedOut
                ? "Load fewer of its programs at once: -ProgramName; make large maps smaller: -MapSize; or compile it again, if the file may be damaged."
                : "Do not use this file: it is damaged, or made to do harm. Compile it again: clang -g -O2 -target bpf -c program.bpf.c.",
                result.Log);
        }
        if (canRemember && result.Phase == CheckPhase.Done)
        {
            Remember(key);
        }
        return result;
    }

    private bool IsRemembered(byte[]? settings)
    {
        lock (Remembered)
        {
            return Remembered.Exists(r => r.Name == name && r.Settings is null == settings is null
                && r.Elf.AsSpan().SequenceEqual(elf) && r.Settings.AsSpan().SequenceEqual(settings));
        }
    }

    // The bytes themselves: a hash that nobody can forge costs the first start more than it saves the second.
    private void Remember(byte[]? settings)
    {
        lock (Remembered)
        {
            Remembered.Add((name, elf, settings));
            while (Remembered.Sum(r => (long)r.Elf.Length + (r.Settings?.Length ?? 0)) > RememberedMax)
            {
                Remembered.RemoveAt(0);
            }
        }
    }
}
