using Ebee.Bindings;
using Ebee.Btf;

if (args.Length < 2)
{
    Console.Error.WriteLine("usage: Ebee.Bindings <output.cs> <object.bpf.o> ...");
    return 2;
}
try
{
    StructGenerator generator = new();
    foreach (string path in args[1..])
    {
        generator.Add(Path.GetFileName(path), BtfBlob.Parse(ElfSection.Find(File.ReadAllBytes(path), ".BTF")));
    }
    File.WriteAllText(args[0], generator.Generate());
    return 0;
}
catch (Exception e) when (e is InvalidDataException or IOException)
{
    // The form that MSBuild shows as an error of the build.
    Console.Error.WriteLine($"Ebee.Bindings : error EBEE001: {e.Message}");
    return 1;
}
