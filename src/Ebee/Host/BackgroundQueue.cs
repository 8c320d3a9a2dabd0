namespace Ebee.Host;

/// <summary>
/// What is looked up on a thread of its own, as the answer may take long, one after the other. The thread is there while there is
/// something to do; one that hangs keeps nothing alive.
/// </summary>
/// <param name="most">How many may wait.</param>
/// <param name="handle">Looks one up; it throws nothing.</param>
internal sealed class BackgroundQueue<T>(int most, Action<T> handle) where T : class
{
    private readonly Queue<T> _waiting = new();
    private bool _isRunning;

    /// <summary>Adds one; false when too many wait.</summary>
    public bool TryAdd(T item)
    {
        lock (_waiting)
        {
            if (_waiting.Count >= most)
            {
                return false;
            }
            _waiting.Enqueue(item);
            if (!_isRunning)
            {
                _isRunning = true;
                new Thread(Run) { IsBackground = true }.Start();
            }
            return true;
        }
    }

    private void Run()
    {
        while (true)
        {
            T item;
            lock (_waiting)
            {
                if (_waiting.Count == 0)
                {
                    _isRunning = false;
                    return;
                }
                item = _waiting.Dequeue();
            }
            handle(item);
        }
    }
}
