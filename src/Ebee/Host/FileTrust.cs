using System.Globalization;
using System.Runtime.InteropServices;
using Ebee.Native;

namespace Ebee.Host;

/// <summary>
/// Whether another user could change a file, or put another in its place: by the owners and modes of the file and of all folders
/// above it. Trusted are root, this process's user, and who started it by sudo.
/// </summary>
internal static unsafe class FileTrust
{
    private const int OthersWrite = 0x2, GroupWrite = 0x10, Sticky = 0x200; // 0002, 0020, 01000

    private static readonly HashSet<uint> Users = [0, LibC.geteuid(), .. Id("SUDO_UID")];
    private static readonly HashSet<uint> Groups = [0, LibC.getegid(), .. Id("SUDO_GID")];

    /// <summary>Who else could, as a sentence without its full stop that names the file or folder; null when nobody can.</summary>
    public static string? Doubt(string path) => Find(path)?.Text;

    /// <summary>
    /// Throws when somebody could change a file that is about to run as this process, who could not change Ebee itself. Who could
    /// do that too has been named in a warning: a checkout may well be another user's.
    /// </summary>
    public static void Require(string path)
    {
        if (Find(path) is { } doubt && Find(typeof(FileTrust).Assembly.Location) is null)
        {
            throw new EbpfException(EbpfError.FileUntrusted, $"{path} is not loaded: {doubt.Text}.",
                $"As root: chown root: '{doubt.Place}'; chmod go-w '{doubt.Place}'. Or install Ebee where only root can write.");
        }
    }

    private static (string Place, string Text)? Find(string path)
    {
        string full = Path.GetFullPath(path), real = RealPath(full);
        foreach ((string, string) doubt in Doubts(real).Concat(real == full ? [] : Doubts(full)))
        {
            return doubt;
        }
        return null;
    }

    private static IEnumerable<(string Place, string Text)> Doubts(string path)
    {
        bool isFolder = false, isNear = true; // the file itself and its folder
        for (string? at = path; at is not null; at = Path.GetDirectoryName(at))
        {
            if (Inodes.AccessOf(at) is { } access)
            {
                if (!Users.Contains(access.User))
                {
                    yield return (at, $"{at} belongs to the user {UserDatabase.NameOf(access.User) ?? access.User.ToString(CultureInfo.InvariantCulture)}");
                }
                // In a sticky folder, such as /tmp, nobody can remove or rename what is another's.
                if ((access.Mode & OthersWrite) != 0 && !(isFolder && (access.Mode & Sticky) != 0))
                {
                    yield return (at, $"every user can write to {at}");
                }
                // Farther up, groups such as staff are those who install software.
                if (isNear && (access.Mode & GroupWrite) != 0 && !Groups.Contains(access.Group))
                {
                    yield return (at, $"the group {access.Group} can write to {at}");
                }
            }
            isNear = !isFolder;
            isFolder = true;
        }
    }

    private static string RealPath(string path)
    {
        byte* buffer = stackalloc byte[4096]; // PATH_MAX
        return LibC.realpath(path, buffer) is null ? path : Marshal.PtrToStringUTF8((nint)buffer) ?? path;
    }

    private static uint[] Id(string variable) =>
        uint.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out uint id) ? [id] : [];
}
