using System.Runtime.InteropServices;

namespace Ebee.Native;

internal static unsafe partial class LibC
{
    internal const int SignalKill = 9;
    internal const int AccessExecute = 1;

    // posix_spawn_file_actions_t, posix_spawnattr_t and sigset_t are opaque; no C library needs more bytes than these.
    internal const int SpawnFileActionsSize = 256;
    internal const int SpawnAttributesSize = 512;
    internal const int SignalSetSize = 128;

    /// <summary>Another descriptor of the same file, of a number not below this one, which a started program does not inherit.</summary>
    internal static int DuplicateAbove(int fd, int lowest) => fcntl(fd, FDupFdCloexec, lowest);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int pipe2(int* fds, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int waitpid(int processId, int* status, int options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int access(string path, int mode);

    [LibraryImport(Library)]
    internal static partial int kill(int processId, int signal);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn(out int processId, string path, void* fileActions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_adddup2(void* actions, int fd, int newFd);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addopen(void* actions, int fd, string path, int flags, uint mode);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);
}
