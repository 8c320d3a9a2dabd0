namespace Ebee.Host;

/// <summary>Inode numbers, which .NET's file API does not give.</summary>
internal static class Inodes
{
    /// <summary>The inode number of a file or folder; 0 when it is not there.</summary>
    public static ulong Of(string path) => FileStatus.Of(path)?.Inode ?? 0;
}
