using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Native;

/// <summary>How a child process ended.</summary>
/// <param name="Result">What it wrote to its first descriptor.</param>
/// <param name="Signal">The signal that ended it; 0 when none did.</param>
/// <param name="IsTimeout">Whether it was killed when its time was over.</param>
internal readonly record struct ChildEnd(byte[] Result, int Signal, bool IsTimeout);

/// <summary>
/// Runs a program to its end. System.Diagnostics.Process takes 30 ms for its first one, passes no descriptors, and starts a
/// thread; this takes one.
/// </summary>
internal static unsafe class ChildProcess
{
    private const int First = 3;
    private const int Above = 64; // more than a child is given
    private const int LargestResult = 64; // bytes
    private const int LookMs = 20; // how often it is asked whether somebody still waits

    /// <summary>Runs it in a process group of its own, without the terminal, and waits.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">All but its own name.</param>
    /// <param name="environment">All of its environment: NAME=value.</param>
    /// <param name="descriptors">What it has as 4, 5 …; 3 is a pipe for its result, and it has no others. The first is its standard error, too.</param>
    /// <param name="limit">When it is killed.</param>
    /// <param name="cancellation">Kills it.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="IOException">It could not be started; HResult is the error number.</exception>
    public static ChildEnd Run(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, IReadOnlyList<int> descriptors, TimeSpan limit,
        CancellationToken cancellation)
    {
        int* ends = stackalloc int[2];
        Check(LibC.pipe2(ends, LibC.OpenCloexec));
        using SafeFileHandle read = new(ends[0], ownsHandle: true);
        int child;
        using (SafeFileHandle write = new(ends[1], ownsHandle: true))
        {
            child = Spawn(path, [path, .. arguments], environment, [ends[1], .. descriptors]);
        }
        bool isWhole = ReadToEnd(ends[0], limit, cancellation, out byte[] result);
        if (!isWhole)
        {
            _ = LibC.kill(child, LibC.SignalKill);
        }
        int status = 0;
        int reaped;
        do
        {
            reaped = LibC.waitpid(child, &status, 0);
        }
        while (reaped < 0 && Marshal.GetLastPInvokeError() == Errno.Eintr);
        cancellation.ThrowIfCancellationRequested();
        // A parent that ignores SIGCHLD is never told; then the result alone says how it went.
        return new ChildEnd(result, reaped == child ? status & 0x7f : 0, !isWhole);
    }

    private static int Spawn(string path, string[] arguments, IReadOnlyList<string> environment, int[] descriptors)
    {
        const short ResetSignals = 2 | 4 | 8; // POSIX_SPAWN_SETPGROUP, _SETSIGDEF, _SETSIGMASK
        const int ReadWrite = 2;
        byte* actions = stackalloc byte[LibC.SpawnFileActionsSize], attributes = stackalloc byte[LibC.SpawnAttributesSize];
        byte* none = stackalloc byte[LibC.SignalSetSize], all = stackalloc byte[LibC.SignalSetSize];
        new Span<byte>(none, LibC.SignalSetSize).Clear();
        new Span<byte>(all, LibC.SignalSetSize).Fill(0xff);
        using Strings argumentList = new(arguments), environmentList = new(environment);
        List<SafeFileHandle> copies = [];
        Check(LibC.posix_spawn_file_actions_init(actions));
        Check(LibC.posix_spawnattr_init(attributes));
        try
        {
            Check(LibC.posix_spawnattr_setflags(attributes, ResetSignals));
            Check(LibC.posix_spawnattr_setsigmask(attributes, none));
            Check(LibC.posix_spawnattr_setsigdefault(attributes, all));
            Check(LibC.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", ReadWrite, 0));
            Check(LibC.posix_spawn_file_actions_addopen(actions, 1, "/dev/null", ReadWrite, 0));
            for (int i = 0; i < descriptors.Length; i++)
            {
                // What is moved to its place there must not lie in the place of another.
                int copy = LibC.DuplicateAbove(descriptors[i], Above);
                Check(Math.Min(copy, 0));
                copies.Add(new SafeFileHandle(copy, ownsHandle: true));
                Check(LibC.posix_spawn_file_actions_adddup2(actions, copy, First + i));
            }
            Check(LibC.posix_spawn_file_actions_adddup2(actions, First + 1, 2));
            int error = LibC.posix_spawn(out int child, path, actions, attributes, argumentList.Pointers, environmentList.Pointers);
            return error == 0 ? child : throw Failed(error);
        }
        finally
        {
            _ = LibC.posix_spawn_file_actions_destroy(actions);
            _ = LibC.posix_spawnattr_destroy(attributes);
            copies.ForEach(copy => copy.Dispose());
        }
    }

    // Until the child has closed its end, by ending. False when the time is over, or nobody waits any more.
    private static bool ReadToEnd(int fd, TimeSpan limit, CancellationToken cancellation, out byte[] result)
    {
        long start = Stopwatch.GetTimestamp();
        byte* buffer = stackalloc byte[LargestResult];
        int length = 0;
        while (true)
        {
            double left = cancellation.IsCancellationRequested ? 0 : (limit - Stopwatch.GetElapsedTime(start)).TotalMilliseconds;
            LibC.PollFd poll = new() { Fd = fd, Events = LibC.PollIn };
            int ready = left > 0 ? LibC.poll(&poll, 1, (int)Math.Ceiling(Math.Min(left, LookMs))) : 0;
            if (ready == 0 && left > 0)
            {
                continue;
            }
            nint n = ready > 0 && length < LargestResult ? LibC.read(fd, buffer + length, (nuint)(LargestResult - length)) : -1;
            if (ready == 0 || n == 0 || length == LargestResult)
            {
                result = new ReadOnlySpan<byte>(buffer, length).ToArray();
                return ready != 0;
            }
            length += n > 0 ? (int)n : 0;
        }
    }

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw Failed(result > 0 ? result : Marshal.GetLastPInvokeError());
        }
    }

    private static IOException Failed(int errno) => new(Errno.Name(errno), errno);

    // char *[], with NULL at its end.
    private sealed class Strings : IDisposable
    {
        private readonly byte** _pointers;
        private readonly int _count;

        public Strings(IReadOnlyList<string> strings)
        {
            _count = strings.Count;
            _pointers = (byte**)NativeMemory.AllocZeroed((nuint)_count + 1, (nuint)sizeof(byte*));
            for (int i = 0; i < _count; i++)
            {
                _pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
            }
        }

        public byte** Pointers => _pointers;

        public void Dispose()
        {
            for (int i = 0; i < _count; i++)
            {
                Marshal.FreeCoTaskMem((nint)_pointers[i]);
            }
            NativeMemory.Free(_pointers);
        }
    }
}
