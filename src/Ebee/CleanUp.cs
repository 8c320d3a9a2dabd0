using System.Runtime.ExceptionServices;

namespace Ebee;

/// <summary>Steps that undo something: each is done, whatever the others do.</summary>
internal static class CleanUp
{
    /// <summary>Does all steps, then throws the first error, with the others added.</summary>
    public static void Run(params IEnumerable<Action> steps)
    {
        Exception? first = null;
        foreach (Action step in steps)
        {
            try
            {
                step();
            }
            catch (Exception e)
            {
                first = Add(first, e);
            }
        }
        if (first is not null)
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }

    /// <summary>Does all steps after an error, to which what they throw is added.</summary>
    /// <exception cref="Exception">A step's error, when the error was no more than a cancellation.</exception>
    public static void After(Exception error, params IEnumerable<Action> steps)
    {
        try
        {
            Run(steps);
        }
        catch (Exception e) when (error is not OperationCanceledException)
        {
            _ = Add(error, e);
        }
    }

    private static Exception Add(Exception? first, Exception next)
    {
        if (first is EbpfException known)
        {
            known.Add(next);
        }
        else if (first is not null)
        {
            first.Data[$"{nameof(CleanUp)} {first.Data.Count}"] = next;
        }
        return first ?? next;
    }
}
