using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Fuzz;

/// <summary>
/// A target's run: its seeds as they are, then damaged ones until its time is over. Each input is made of the seed, the target and its
/// number alone, so that it can be repeated without those before it.
/// </summary>
internal sealed class FuzzRun(FuzzTarget target, long seed)
{
    private const int StackSize = 256 << 10;      // bytes: what nests without a limit ends soon
    private const long MostAllocated = 256 << 20; // bytes for one input
    private const int LongestShown = 2000;        // characters

    private static readonly string Folder = Path.Combine(Repository.Root, "out", "fuzz");

    private long _number = -1;
    private long _started;
    private byte[] _input = [];
    private string? _failure;

    /// <summary>Inputs that it took.</summary>
    public long Taken { get; private set; }

    /// <summary>Inputs that it refused.</summary>
    public long Refused { get; private set; }

    /// <summary>The milliseconds of the slowest input, and its number.</summary>
    public (double Ms, long Number) Slowest { get; private set; }

    /// <summary>Runs it.</summary>
    /// <param name="first">The number of the first input.</param>
    /// <param name="time">How long.</param>
    /// <returns>What went wrong; null when nothing did.</returns>
    public string? Run(long first, TimeSpan time)
    {
        byte[][] seeds = target.Seeds();
        Func<Random, byte[]> mutate = target.Mutator(seeds);
        string running = Path.Combine(Folder, $"{target.Name.Replace(' ', '-')}.running");
        using SafeFileHandle? mark = OpenMark(running);
        _started = Stopwatch.GetTimestamp();
        Thread worker = new(() => Work(seeds, mutate, mark, first, time), StackSize) { IsBackground = true };
        worker.Start();
        while (!worker.Join(100))
        {
            // It cannot be ended: it goes on until the process ends.
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref _started)) > target.Limit)
            {
                return Describe($"It has not ended in {target.Limit.TotalSeconds} s.");
            }
        }
        if (mark is not null)
        {
            File.Delete(running);
        }
        return _failure;
    }

    private void Work(byte[][] seeds, Func<Random, byte[]> mutate, SafeFileHandle? mark, long first, TimeSpan time)
    {
        Stopwatch watch = Stopwatch.StartNew();
        foreach (byte[] original in seeds)
        {
            if (!Try(original, isSeed: true))
            {
                return;
            }
        }
        byte[] line = new byte[64];
        for (_number = first; (_number == first || watch.Elapsed < time) && _number - first < target.MostInputs; _number++)
        {
            // If the process dies of this input, the file says which it was.
            if (mark is not null)
            {
                int length = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"EBEE_FUZZ_SEED={seed} EBEE_FUZZ_FIRST={_number}\n"), line);
                RandomAccess.Write(mark, line.AsSpan(0, length), 0);
            }
            if (!Try(mutate(new Random(Mix(target.Name, seed, _number))), isSeed: false))
            {
                return;
            }
        }
    }

    private bool Try(byte[] input, bool isSeed)
    {
        _input = input;
        Volatile.Write(ref _started, Stopwatch.GetTimestamp());
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            bool isTaken = target.TryRun(input);
            (Taken, Refused) = isTaken ? (Taken + 1, Refused) : (Taken, Refused + 1);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            _failure = allocated > MostAllocated ? Describe($"It took {allocated >> 20} MiB of memory.")
                : isSeed && !isTaken ? Describe("A good input was refused.")
                : null;
        }
        catch (Exception e) // whatever it is: that is what this looks for
        {
            _failure = Describe($"{e}");
        }
        double ms = Stopwatch.GetElapsedTime(_started).TotalMilliseconds;
        Slowest = ms > Slowest.Ms ? (ms, _number) : Slowest;
        return _failure is null;
    }

    private string Describe(string what)
    {
        string shown = target.Show(_input);
        if (shown.Length > LongestShown)
        {
            Directory.CreateDirectory(Folder);
            string path = Path.Combine(Folder, $"{target.Name.Replace(' ', '-')}-{seed}-{_number}.input");
            File.WriteAllText(path, shown);
            shown = $"in {path}";
        }
        string repeat = _number < 0 ? "It is one of the seeds, as it is."
            : $"Repeat it: EBEE_FUZZ_SEED={seed} EBEE_FUZZ_FIRST={_number} dotnet test {typeof(FuzzRun).Assembly.Location} --filter \"Category=Fuzz&DisplayName~{target.Name}\"";
        return $"{target.Name}: seed {seed}, input {_number}.\n{what}\nThe input: {shown}\n{repeat}";
    }

    // Null where this user may not write there.
    private static SafeFileHandle? OpenMark(string path)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            return File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // FNV-1a, and a step of splitmix64: .NET's own hashes differ from process to process.
    private static int Mix(string name, long seed, long number)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in name)
        {
            hash = (hash ^ c) * 1099511628211;
        }
        hash += (ulong)seed * 0x9e3779b97f4a7c15 + (ulong)number * 0xd1b54a32d192ed03;
        hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
        hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
        return (int)(hash ^ hash >> 31);
    }
}
