using System.Runtime.ExceptionServices;

namespace Ebee.Native;

/// <summary>
/// Runs what may take seconds in the kernel or in libbpf, such as a verifier's work, so that whoever waits for it can
/// leave at once. What was left is interrupted, and undone as soon as it returns.
/// </summary>
internal static class LongCall
{
    /// <summary>Runs a call, on a thread of its own if it can be cancelled.</summary>
    /// <param name="call">The call. It looks at the same token between its steps.</param>
    /// <param name="undo">Undoes what the call did, if it returns after its caller has left.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait ended before the call did.</exception>
    public static T Run<T>(Func<T> call, Action<T> undo, CancellationToken cancellation) =>
        cancellation.CanBeCanceled ? new Work<T>(call, undo).Wait(cancellation) : call();

    private sealed class Work<T>(Func<T> call, Action<T> undo)
    {
        // How long a call that was interrupted is waited for, so that nothing is left of it when its caller goes on.
        private const int GraceMs = 120;

        private readonly Lock _lock = new();
        private readonly TaskCompletionSource _done = new();
        private nint _thread; // while the call runs
        private bool _hasReturned;
        private bool _isLeft;
        private T? _result;
        private ExceptionDispatchInfo? _error;

        public T Wait(CancellationToken cancellation)
        {
            // Not a thread of the pool, which may have another mount namespace or other rights than the caller.
            Start(Run);
            try
            {
                _done.Task.Wait(cancellation);
            }
            catch (OperationCanceledException)
            {
                if (Leave())
                {
                    Start(Interrupt);
                    _done.Task.Wait(GraceMs, CancellationToken.None);
                    throw;
                }
                _done.Task.Wait(CancellationToken.None);
            }
            _error?.Throw();
            return _result!;
        }

        private static void Start(ThreadStart run) => new Thread(run) { IsBackground = true }.Start();

        // False when there is a result already.
        private bool Leave()
        {
            lock (_lock)
            {
                return _isLeft = !_hasReturned;
            }
        }

        private void Run()
        {
            lock (_lock)
            {
                _thread = ThreadSignal.Self;
            }
            try
            {
                _result = call();
            }
            catch (Exception e)
            {
                _error = ExceptionDispatchInfo.Capture(e);
            }
            lock (_lock)
            {
                _thread = 0;
                _hasReturned = true;
            }
            if (_isLeft && _error is null)
            {
                Undo();
            }
            _done.SetResult();
        }

        private void Undo()
        {
            try
            {
                undo(_result!);
            }
            catch (EbpfException)
            {
                // nobody is left to be told
            }
        }

        // Again and again: libbpf tries a load that was interrupted ten times.
        private void Interrupt()
        {
            for (int pauseMs = 1; ; pauseMs = Math.Min(pauseMs + 1, 50))
            {
                lock (_lock)
                {
                    if (_hasReturned)
                    {
                        return;
                    }
                    ThreadSignal.Send(_thread);
                }
                Thread.Sleep(pauseMs);
            }
        }
    }
}
