using System.Globalization;
using Ebee.Native;

namespace Ebee.Host;

/// <summary>
/// Whether another user could change a file, or put another in its place: by the owners and modes of the file, of all folders above it,
/// and of all links on the way. Trusted are root, this process's user, and who started it by sudo.
/// </summary>
/// <remarks>
/// The way is walked from the root of the file system down. What is found in a folder that nobody else can change stays what it is, so a
/// file without a doubt can be used by its path afterwards.
/// </remarks>
internal static class FileTrust
{
    private const int OthersWrite = 0x2, GroupWrite = 0x10, Sticky = 0x200; // 0002, 0020, 01000
    private const int MostLinks = 40; // as in the kernel
    private const uint EndOfSystemGroups = 99; // such as staff, whose members install software

    private static readonly HashSet<uint> Users = [0, LibC.geteuid(), .. Id("SUDO_UID")];
    private static readonly HashSet<uint> Groups = [0, LibC.getegid(), .. Id("SUDO_GID")];
    private static readonly string Own = typeof(FileTrust).Assembly.Location;
    private static readonly uint OwnUser = Own.Length > 0 ? FileStatus.Of(Own)?.User ?? 0 : 0;

    /// <summary>A reason to distrust a file.</summary>
    /// <param name="Place">The file, folder or link that others can change.</param>
    /// <param name="Text">Who can, as a sentence without its full stop that names the place.</param>
    /// <param name="Remedy">What root types to change that.</param>
    internal sealed record Reason(string Place, string Text, string Remedy);

    /// <summary>Who else could change a file, as a sentence without its full stop that names the place; null when nobody can.</summary>
    public static string? Doubt(string path) => Find(path)?.Text;

    /// <summary>
    /// Throws when somebody could change a file that is about to run as this process, who could not change Ebee itself. Who could
    /// do that too has been named in a warning: a checkout may well be another user's.
    /// </summary>
    public static void Require(string path)
    {
        // Whoever is about to run it says so when it is missing.
        if (FileStatus.Of(path) is not null && Find(path) is { } doubt && (Own.Length == 0 || Find(Own) is null))
        {
            throw new EbpfException(EbpfError.FileUntrusted, $"{path} is not loaded: {doubt.Text}.",
                $"As root: {doubt.Remedy}. Or install Ebee where only root can write.");
        }
    }

    /// <summary>The files of a folder and those below it that run or are read as code.</summary>
    public static IEnumerable<string> CodeIn(string folder) => !Directory.Exists(folder) ? [] : Directory
        .EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = 0 })
        .Where(file => Path.GetExtension(file) is ".dll" or ".psd1" or ".ps1xml" or ".json");

    /// <summary>The first of some files that others could change, and why; null when they could change none.</summary>
    public static (string File, Reason Doubt)? FindFirst(IEnumerable<string> files)
    {
        foreach (string file in files)
        {
            if (Find(file) is { } doubt)
            {
                return (file, doubt);
            }
        }
        return null;
    }

    /// <summary>The first doubt of a file, its folders and the links on the way; null when there is none.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="likeEbee">Whether the owner of Ebee's own file is trusted too: what that user writes runs already.</param>
    public static Reason? Find(string path, bool likeEbee = false)
    {
        string at = "/";
        Stack<string> left = new();
        Push(left, Path.IsPathRooted(path) ? path : Path.Join(Environment.CurrentDirectory, path));
        if (Look(at, FileStatus.OfEntry(at), null, isNear: false, likeEbee) is { } rootDoubt)
        {
            return rootDoubt;
        }
        FileStatus? folder = FileStatus.OfEntry(at);
        for (int links = 0; left.TryPop(out string? part);)
        {
            if (part == "..")
            {
                at = Path.GetDirectoryName(at) ?? "/";
                folder = FileStatus.OfEntry(at);
                continue;
            }
            string entry = Path.Join(at, part);
            FileStatus? status = FileStatus.OfEntry(entry);
            // The file itself and its folder.
            if (Look(entry, status, folder, isNear: left.Count <= 1, likeEbee) is { } doubt)
            {
                return doubt;
            }
            if (status is not { IsLink: true })
            {
                (at, folder) = (entry, status);
                continue;
            }
            if (++links > MostLinks || new FileInfo(entry).LinkTarget is not { Length: > 0 } target)
            {
                return new Reason(entry, $"{entry} leads nowhere", $"rm {Quoted(entry)}");
            }
            if (target[0] == '/')
            {
                (at, folder) = ("/", FileStatus.OfEntry("/"));
            }
            Push(left, target);
        }
        return null;
    }

    private static Reason? Look(string entry, FileStatus? found, FileStatus? folder, bool isNear, bool likeEbee)
    {
        if (found is not { } status)
        {
            return new Reason(entry, $"{entry} is not there, or cannot be looked at", $"ls -ld {Quoted(entry)}");
        }
        if (!Users.Contains(status.User) && !(likeEbee && status.User == OwnUser))
        {
            return new Reason(entry, $"{entry} belongs to the user {UserDatabase.NameOf(status.User) ?? status.User.ToString(CultureInfo.InvariantCulture)}",
                $"chown -h root: {Quoted(entry)}");
        }
        // Without fs.protected_hardlinks everybody can give a file of root's another name there.
        if (!status.IsFolder && status.Names > 1 && folder is { } above && IsOpen(above, isNear: true))
        {
            return new Reason(entry, $"{entry} has several names, one of them in a folder that others can write to",
                $"cp {Quoted(entry)} {Quoted(entry + ".new")} && mv {Quoted(entry + ".new")} {Quoted(entry)}");
        }
        // In a sticky folder, such as /tmp, nobody can remove or rename what is another's.
        if (status.IsLink || (status.IsFolder && (status.Mode & Sticky) != 0) || !IsOpen(status, isNear))
        {
            return null;
        }
        return new Reason(entry, (status.Mode & OthersWrite) != 0 ? $"every user can write to {entry}" : $"the group {status.Group} can write to {entry}",
            $"chmod go-w {Quoted(entry)}");
    }

    // Farther up, a group of the system's, such as staff, is of those who install software.
    private static bool IsOpen(FileStatus status, bool isNear) => (status.Mode & OthersWrite) != 0
        || ((status.Mode & GroupWrite) != 0 && !Groups.Contains(status.Group) && (isNear || !status.IsFolder || status.Group >= EndOfSystemGroups));

    private static void Push(Stack<string> left, string path)
    {
        foreach (string part in path.Split('/').Reverse().Where(part => part is not ("" or ".")))
        {
            left.Push(part);
        }
    }

    private static string Quoted(string path) => $"'{path.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    private static uint[] Id(string variable) =>
        uint.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out uint id) ? [id] : [];
}
