using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Ebee.Native;

namespace Ebee.Host;

/// <summary>
/// User names and ids: those of /etc/passwd, and of others what the machine's name service says (getpwuid_r, getpwnam_r). That
/// one takes as long as it wants to answer, so it is asked on other threads.
/// </summary>
internal static unsafe class UserDatabase
{
    private const int BufferSize = 16384;
    private const int KeptMs = 60_000;
    private const int MostKept = 16384; // ids; whoever has a user namespace has 65,536 of them
    private const int MostAsked = 256;
    private const int LongestWaitMs = 20; // of all readers together; it comes back at a hundredth of the time that passes
    private static readonly TimeSpan ResolveLimit = TimeSpan.FromSeconds(5);

    private static readonly ConcurrentDictionary<uint, Answer> Answers = new();
    private static readonly BackgroundQueue<Answer> Questions = new(MostAsked, static answer =>
    {
        answer.Give(Ask(answer.Id));
        Answers[answer.Id] = answer;
    });

    private static readonly Lock Waiting = new();
    private static long _waitedUntil; // in milliseconds of Environment.TickCount64, of which each that was waited took a hundred

    /// <summary>
    /// The name of a user; null when no database knows the id, and when the name service has not answered yet. Its answers are kept
    /// for a minute.
    /// </summary>
    public static string? NameOf(uint id)
    {
        if (LocalUsers.Now.Names.TryGetValue(id, out string? local))
        {
            return local;
        }
        Answer? answer = Answers.GetValueOrDefault(id);
        switch (answer?.AgeMs)
        {
            case null or > KeptMs:
                answer = Question(id);
                break;
            case > KeptMs / 2 when answer.IsToBeRenewed():
                Questions.TryAdd(new Answer(id)); // meanwhile this one holds
                break;
            default:
                break;
        }
        if (answer is { IsGiven: false })
        {
            WaitFor(answer);
        }
        return answer?.Name;
    }

    /// <summary>The id of a user given by name or by number.</summary>
    /// <exception cref="EbpfException">There is no such user, or the name service does not say.</exception>
    public static uint Resolve(string nameOrId)
    {
        if (uint.TryParse(nameOrId, NumberStyles.None, CultureInfo.InvariantCulture, out uint id)
            || LocalUsers.Now.Ids.TryGetValue(nameOrId, out id))
        {
            return id;
        }
        Task<uint?> asked = Task.Factory.StartNew(() => Ask(nameOrId), CancellationToken.None,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return asked.Wait(ResolveLimit)
            ? asked.Result ?? throw new EbpfException(EbpfError.UserNotFound,
                $"There is no user '{nameOrId}' on this machine.", "Give a name that getent passwd lists, or a numeric user id.")
            : throw new EbpfException(EbpfError.UserNotFound,
                $"/etc/passwd has no user '{nameOrId}', and the machine's name service did not answer within " +
                $"{ResolveLimit.TotalSeconds:0} seconds.",
                "Give the numeric user id: -UserName 1000. Or look at what the name service waits for: getent passwd, " +
                "and the line passwd in /etc/nsswitch.conf.");
    }

    // Null when too many are asked already.
    private static Answer? Question(uint id)
    {
        if (Answers.Count >= MostKept)
        {
            Answers.Clear();
        }
        Answer answer = new(id);
        return Questions.TryAdd(answer) ? Answers[id] = answer : null;
    }

    private static void WaitFor(Answer answer)
    {
        const int Price = 100;
        lock (Waiting)
        {
            long now = Environment.TickCount64, from = Math.Max(_waitedUntil, now - (Price * LongestWaitMs));
            int milliseconds = (int)((now - from) / Price);
            if (milliseconds > 0)
            {
                answer.Wait(milliseconds);
                _waitedUntil = from + (Price * Math.Max(Environment.TickCount64 - now, 1));
            }
        }
    }

    private static string? Ask(uint id)
    {
        LibC.Passwd passwd;
        LibC.Passwd* result;
        byte* buffer = stackalloc byte[BufferSize];
        return LibC.getpwuid_r(id, &passwd, buffer, BufferSize, &result) == 0 && result != null
            ? Marshal.PtrToStringUTF8((nint)result->Name)
            : null;
    }

    private static uint? Ask(string name)
    {
        LibC.Passwd passwd;
        LibC.Passwd* result;
        byte* buffer = stackalloc byte[BufferSize];
        return LibC.getpwnam_r(name, &passwd, buffer, BufferSize, &result) == 0 && result != null
            ? result->UserId
            : null;
    }

    // What the name service says of an id, as soon as it has said it.
    private sealed class Answer(uint id)
    {
        private long _givenAt = long.MaxValue;
        private int _isRenewed;

        public uint Id { get; } = id;

        public string? Name { get; private set; }

        public bool IsGiven => Volatile.Read(ref _givenAt) != long.MaxValue;

        // Less than nothing while it is waited for.
        public long AgeMs => Environment.TickCount64 - Volatile.Read(ref _givenAt);

        public bool IsToBeRenewed() => Interlocked.Exchange(ref _isRenewed, 1) == 0;

        public void Give(string? name)
        {
            lock (this)
            {
                Name = name;
                Volatile.Write(ref _givenAt, Environment.TickCount64);
                Monitor.PulseAll(this);
            }
        }

        public void Wait(int milliseconds)
        {
            lock (this)
            {
                if (!IsGiven)
                {
                    Monitor.Wait(this, milliseconds);
                }
            }
        }
    }
}
