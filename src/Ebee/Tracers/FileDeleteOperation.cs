namespace Ebee.Tracers;

// long: ConvertTo-Json writes the name of such an enum, and the number of a shorter one.
/// <summary>How a file was deleted.</summary>
public enum FileDeleteOperation : long
{
    /// <summary>unlink, unlinkat: a name of a file was removed; the file itself with its last name.</summary>
    Unlink = 1,

    /// <summary>rmdir, unlinkat with AT_REMOVEDIR: an empty directory was removed.</summary>
    RemoveDirectory = 2,

    /// <summary>rename, renameat, renameat2: an existing file of the new name was destroyed.</summary>
    RenameOver = 3,
}
