using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ebee.Btf;
using Ebee.Host;

namespace Ebee.Programs;

/// <summary>
/// Which files clang read, as it says itself, and whether others could have written them. A vmlinux.h that lies beside a source or
/// its headers is not read: Ebee's own stands for it, by an overlay of clang's view of the file system.
/// </summary>
/// <param name="subject">What is compiled, for messages.</param>
/// <param name="folder">The folder that clang runs in, which is this process's own.</param>
/// <param name="headers">The folder of Ebee's own vmlinux.h; null when there is none.</param>
/// <param name="use">What is done with files that others could have written.</param>
internal sealed class IncludedFiles(string subject, string folder, string? headers, FileUse use)
{
    private readonly HashSet<string> _checked = [];
    private readonly SortedSet<string> _covered = new(StringComparer.Ordinal);

    /// <summary>What clang is told: to write down what it reads, and what to take in its place.</summary>
    public IEnumerable<string> Options => ["-MD", "-MT", "x", "-MF", List, .. _covered.Count > 0 ? ["-ivfsoverlay", Overlay] : Array.Empty<string>()];

    private string List => Path.Combine(folder, "files.d");

    private string Overlay => Path.Combine(folder, "overlay.json");

    /// <summary>Has Ebee's own vmlinux.h stand for another.</summary>
    public void Cover(string path)
    {
        if (headers is null || !_covered.Add(path))
        {
            return;
        }
        string own = Quoted(Path.Combine(headers, VmlinuxHeader.FileName));
        IEnumerable<string> entries = _covered.Select(file => $$"""{"type":"file","name":{{Quoted(file)}},"external-contents":{{own}}}""");
        File.WriteAllText(Overlay, $$"""{"version":0,"roots":[{{string.Join(',', entries)}}]}""");
    }

    /// <summary>Looks at what clang has read.</summary>
    /// <returns>Whether it read a vmlinux.h that Ebee's own is to stand for, and is to be run again.</returns>
    /// <exception cref="EbpfException">Others could have written a file.</exception>
    public bool Check()
    {
        string[] files = [.. Parse(File.ReadAllText(List)).Select(file => Path.IsPathRooted(file) ? file : Path.Join(folder, file))];
        string[] others = headers is null ? [] : [.. files.Where(file => Path.GetFileName(file) == VmlinuxHeader.FileName && Path.GetDirectoryName(file) != headers && !_covered.Contains(file))];
        Array.ForEach(others, Cover);
        if (others.Length > 0)
        {
            return true;
        }
        foreach (string file in files.Where(file => !file.StartsWith(folder + "/", StringComparison.Ordinal) && _checked.Add(file)))
        {
            use.Check(file, file == subject ? null : CompilerErrors.Subject(subject));
        }
        return false;
    }

    // x: a.c \⏎ some\ name.h $$1.h \#.h
    private static List<string> Parse(string rule)
    {
        List<string> files = [];
        StringBuilder name = new();
        int start = rule.IndexOf(':', StringComparison.Ordinal) + 1;
        for (int i = start; i <= rule.Length; i++)
        {
            char c = i < rule.Length ? rule[i] : '\n', next = i + 1 < rule.Length ? rule[i + 1] : '\n';
            if (c == '\\' && next is ' ' or '#' || (c == '$' && next == '$'))
            {
                name.Append(next);
                i++;
            }
            else if (c is ' ' or '\n' || (c == '\\' && next == '\n'))
            {
                if (name.Length > 0)
                {
                    files.Add(name.ToString());
                    name.Clear();
                }
            }
            else
            {
                name.Append(c);
            }
        }
        return files;
    }

    private static string Quoted(string path) => $"\"{JsonEncodedText.Encode(path, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
