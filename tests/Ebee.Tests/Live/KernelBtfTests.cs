using Ebee.Btf;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Live;

/// <summary>The part of the running kernel's BTF that libbpf is given.</summary>
[Trait("Category", "Live")]
public sealed class KernelBtfTests
{
    [LiveTheory]
    [InlineData("exec", "task_struct", "mm_struct", "mount", "kernfs_node", "dentry", "trace_event_raw_sched_process_exec")]
    [InlineData("filedelete", "task_struct", "inode", "super_block", "renamedata")]
    public void Types_are_as_the_kernel_has_them(string tool, params string[] names)
    {
        SkipException.If(!File.Exists("/sys/kernel/btf/vmlinux"), "needs a kernel with BTF");
        BtfBlob kernel = BtfBlob.Parse(File.ReadAllBytes("/sys/kernel/btf/vmlinux"));
        using Stream resource = typeof(BtfBlob).Assembly.GetManifestResourceStream(tool + ".bpf.o")!;
        byte[] elf = new byte[resource.Length];
        resource.ReadExactly(elf);
        using SafeFileHandle? file = KernelBtf.Subset(elf);
        SkipException.If(file is null, "needs a kernel that has all the types itself");
        byte[] data = new byte[RandomAccess.GetLength(file!)];
        RandomAccess.Read(file!, data, 0);
        BtfBlob subset = BtfBlob.Parse(data);
        Assert.InRange(subset.Types.Count, 100, kernel.Types.Count / 10);
        foreach (string name in names)
        {
            Assert.Equal(Layout(kernel, kernel.Find(BtfKind.Struct, name)!), Layout(subset, subset.Find(BtfKind.Struct, name)!));
        }
    }

    [LiveFact]
    public void What_is_no_object_has_none() => Assert.Null(KernelBtf.Subset(new byte[100]));

    [LiveFact]
    public void What_a_damaged_object_says_of_its_types_does_no_harm()
    {
        Mutator mutator = new([File.ReadAllBytes(Repository.BpfObject("exec")), File.ReadAllBytes(BpfCause.Object("varied"))]);
        int made = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            using SafeFileHandle? file = KernelBtf.Subset(mutator.Mutate(seed));
            made += file is null ? 0 : 1;
        }
        Assert.InRange(made, 50, 499);
    }

    // Each member with its place, and what it holds itself.
    private static List<string> Layout(BtfBlob btf, BtfType type)
    {
        List<string> lines = [$"{type.Name} {type.Size}"];
        foreach (BtfMember member in type.Members)
        {
            BtfType of = btf.Resolve(member.Type);
            lines.Add($"{member.Name} {member.BitOffset} {member.BitSize} {of.Kind}");
            if (of.Kind is BtfKind.Struct or BtfKind.Union)
            {
                lines.AddRange(Layout(btf, of));
            }
            else if (of.Kind == BtfKind.Enum)
            {
                lines.AddRange(of.Values.Select(value => value.ToString()));
            }
            else if (of.Kind == BtfKind.Array)
            {
                lines.Add($"{of.Length} {btf.Resolve(of.Target).Kind}");
            }
        }
        return lines;
    }
}
