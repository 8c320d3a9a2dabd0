using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Ebee.Btf;
using Ebee.Native;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>The process that tries an object before this one loads it.</summary>
[Trait("Category", "Live")]
public sealed class ObjectCheckTests
{
    private static readonly string Program = Path.Combine(LibBpfResolver.Folder!, "libbpf-check");

    [LiveFact]
    public void An_object_that_libbpf_does_not_survive_is_an_error()
    {
        string[] before = Self.Children();
        using ObjectBuilder builder = ObjectBuilder.FromBytes("hostile", WithoutVariableTypes(BpfCause.Object("known")));
        EbpfException e = Assert.Throws<EbpfException>(() => builder.Open());
        // From 1.3 on libbpf looks at references before it follows them.
        Assert.Equal(LibBpfVersion.Minor < 3 ? "EbpfObjectUnsafe" : "EbpfLoadFailed", e.ErrorId);
        Assert.Contains(LibBpfVersion.Minor < 3 ? "opened it first ended with SIGSEGV" : "hostile", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, Self.Children());
    }

    [LiveFact]
    public void The_process_is_confined_and_stopped_when_it_takes_too_long()
    {
        string[] before = Self.Children();
        ObjectCheck check = new("slow", File.ReadAllBytes(BpfCause.Object("slow")), null) { Limit = TimeSpan.FromSeconds(2) };
        Assert.Equal(CheckPhase.Done, check.Open().Phase);
        Stopwatch watch = Stopwatch.StartNew();
        Task<EbpfException> run = Task.Run(() => Assert.Throws<EbpfException>(() => check.Load(new CheckSettings())));
        string child = WaitFor(() => Self.Children().Except(before).FirstOrDefault());
        WaitFor(() => Self.DescriptorsOf(child).Contains("anon_inode:btf") ? "" : null); // so it is at the load
        foreach (string target in Self.DescriptorsOf(child))
        {
            Assert.Matches("^(/dev/null|pipe:.*|/memfd:ebee-.*|anon_inode:(bpf-map|bpf-prog|btf))$", target);
        }
        string limits = File.ReadAllText($"/proc/{child}/limits");
        Assert.Matches(@"Max core file size +1 ", limits);
        Assert.Matches(@"Max address space +2147483648 ", limits);
        Assert.Matches(@"Max file size +16777216 ", limits);
        Assert.Contains("NoNewPrivs:\t1", File.ReadAllText($"/proc/{child}/status"), StringComparison.Ordinal);
        EbpfException e = run.GetAwaiter().GetResult();
        Assert.Equal("EbpfObjectUnsafe", e.ErrorId);
        Assert.Contains("not loaded in 2 seconds", e.Message, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 2, Guest.Limit(10));
        Assert.Equal(before, Self.Children());
    }

    [LiveFact]
    public void What_is_set_here_is_set_there()
    {
        SortedSet<string> before = BpfInventory.All();
        string path = BpfCause.Object("choosy");
        BtfType variables = Assert.Single(BtfBlob.Parse(ElfSection.Find(File.ReadAllBytes(path), ".BTF")).Types, type => type.Kind == BtfKind.DataSection && type.Name == ".rodata");
        int size = variables.Variables.Length * sizeof(uint);
        byte[] set = MemoryMarshal.AsBytes<uint>([1, 1]).ToArray();
        Assert.Equal(set.Length, size);
        (string Missing, string Reason)[] cases = [("", ""), ("value", "invalid mem access"), ("size", "sized"), ("target", "choosy_iterator"), ("program", "invalid mem access")];
        foreach ((string missing, string reason) in cases)
        {
            using ObjectBuilder builder = ObjectBuilder.FromFile(path);
            using OpenedObject opened = builder.Open();
            opened.PrepareMaps();
            if (missing != "value")
            {
                opened.SetInitialValue(opened.MapNames.Single(name => name.EndsWith(".rodata", StringComparison.Ordinal)), 0, set);
            }
            if (missing != "size")
            {
                opened.ResizeMap("sized", 8);
            }
            if (missing != "target")
            {
                Assert.Equal(0, opened.SetAttachTarget(opened.Programs.Single(program => program.Name == "choosy_iterator"), "task"));
            }
            if (missing == "program")
            {
                opened.Enable("refused");
            }
            if (missing.Length == 0)
            {
                using LoadedObject loaded = opened.Load();
                Assert.True(loaded.Map("sized").Fd >= 0);
            }
            else
            {
                EbpfException e = Assert.Throws<EbpfException>(opened.Load);
                Assert.Contains(reason, e.Details, StringComparison.Ordinal);
            }
        }
        Assert.False(File.Exists("/sys/fs/bpf/choosy_pinned"));
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
    }

    [LiveFact]
    public void A_map_that_exists_is_used_there_too()
    {
        using ObjectBuilder knownBuilder = ObjectBuilder.FromFile(BpfCause.Object("known"));
        using OpenedObject knownOpened = knownBuilder.Open();
        knownOpened.EnableOnly([]);
        using LoadedObject known = knownOpened.Load();
        using ObjectBuilder builder = ObjectBuilder.FromFile(BpfCause.Object("known"));
        using OpenedObject opened = builder.Open();
        opened.EnableOnly([]);
        using Microsoft.Win32.SafeHandles.SafeFileHandle map = KernelObjects.Duplicate(known.Map("known_hash").Fd);
        opened.ReuseMap("known_hash", map);
        using LoadedObject loaded = opened.Load();
        ulong key = 1;
        uint value = 4711;
        unsafe
        {
            uint read;
            Assert.Equal(0, LibBpf.bpf_map_update_elem(known.Map("known_hash").Fd, &key, &value, 0));
            Assert.Equal(0, LibBpf.bpf_map_lookup_elem(loaded.Map("known_hash").Fd, &key, &read));
            Assert.Equal(value, read);
        }
    }

    [LiveFact]
    public void A_missing_program_is_named_and_what_was_tried_needs_it_no_more()
    {
        byte[] tried = File.ReadAllBytes(BpfCause.Object("known"));
        using ObjectBuilder first = ObjectBuilder.FromBytes("tried", tried);
        first.Open().Dispose();
        File.Move(Program, Program + ".moved");
        try
        {
            using ObjectBuilder again = ObjectBuilder.FromBytes("tried", [.. tried]);
            again.Open().Dispose();
            using ObjectBuilder other = ObjectBuilder.FromBytes("tried", [.. tried, 0]);
            EbpfException e = Assert.Throws<EbpfException>(() => other.Open());
            Assert.Equal("EbpfFileFailed", e.ErrorId);
            Assert.Contains($"'{Program}'", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Move(Program + ".moved", Program);
        }
    }

    [LiveFact]
    public void A_program_that_lost_its_mode_is_started_all_the_same()
    {
        byte[] elf = [.. File.ReadAllBytes(BpfCause.Object("known")), 0, 0];
        UnixFileMode mode = File.GetUnixFileMode(Program);
        File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        try
        {
            Assert.Equal(CheckPhase.Done, new ObjectCheck("modeless", elf, null).Open().Phase);
        }
        finally
        {
            File.SetUnixFileMode(Program, mode);
        }
    }

    // Each variable's type becomes one that is not there.
    private static byte[] WithoutVariableTypes(string path)
    {
        byte[] elf = File.ReadAllBytes(path);
        ReadOnlySpan<byte> section = ElfSection.Find(elf, ".BTF");
        Span<byte> types = elf.AsSpan(elf.AsSpan().IndexOf(section), section.Length);
        for (int i = 0; i + 8 <= types.Length; i += 4)
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(types[i..]) == (int)BtfKind.Variable << 24)
            {
                BinaryPrimitives.WriteInt32LittleEndian(types[(i + 4)..], 0xffffff);
            }
        }
        return elf;
    }

    private static string WaitFor(Func<string?> what)
    {
        for (Stopwatch watch = Stopwatch.StartNew(); watch.ElapsedMilliseconds < 1500; Thread.Sleep(5))
        {
            if (what() is { } found)
            {
                return found;
            }
        }
        throw new TimeoutException("It did not happen.");
    }
}
