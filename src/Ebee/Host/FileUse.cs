namespace Ebee.Host;

/// <summary>
/// What may be done with files that go into the kernel, and what is to be said of it afterwards. A file that another user could change
/// is an error, or, where the caller allows it, a warning that names it.
/// </summary>
/// <param name="allowUntrusted">Whether the caller allows it.</param>
internal sealed class FileUse(bool allowUntrusted = false)
{
    private readonly HashSet<string> _named = []; // a folder is named once, not with each of its files

    /// <summary>Files that others could change, and are used nevertheless.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Places that could not be used, and what was done instead.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Throws, or notes a warning, when others could change a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="part">What it is part of, for messages; null when it is given itself.</param>
    /// <exception cref="EbpfException">Others could, and it is not allowed.</exception>
    public void Check(string path, string? part = null)
    {
        if (FileTrust.Find(path, likeEbee: true) is not { } doubt)
        {
            return;
        }
        if (!allowUntrusted)
        {
            throw new EbpfException(EbpfError.FileUntrusted,
                $"'{path}'{(part is null ? "" : $", which {part} includes,")} would run in the kernel, and others could have written it: {doubt.Text}.",
                $"Look at it. If it is what it should be: {doubt.Remedy}; or copy it to a folder where only you can write; or give -AllowUntrusted.");
        }
        if (_named.Add(doubt.Place))
        {
            Warnings.Add($"{doubt.Text}, and what is in {path} runs in the kernel.");
        }
    }
}
