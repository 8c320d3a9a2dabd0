namespace Ebee.Host;

/// <summary>What somebody may have meant who typed a name that there is not.</summary>
internal static class NearestNames
{
    private const int Count = 3;
    private const int LongestWanted = 1024; // characters: the kernel's longest name has 511

    // What contains the name, or is contained in it, counts as if it were so many letters away.
    private const int ContainedDistance = 2;
    private const int ShortestContained = 4;

    /// <summary>
    /// The names most like the one that was wanted, without regard to case: at most three, the best first; empty when none is
    /// like it.
    /// </summary>
    /// <param name="wanted">What was typed.</param>
    /// <param name="names">What there is.</param>
    /// <param name="part">The part of a name that is compared; by default all of it.</param>
    public static string[] Of(string wanted, IEnumerable<string> names, Func<string, string>? part = null)
    {
        if (wanted.Length > LongestWanted)
        {
            return [];
        }
        string folded = wanted.ToLowerInvariant();
        int limit = Math.Max(ContainedDistance, wanted.Length / 2);
        List<(string Name, int Distance)> nearest = [];
        foreach (string name in names)
        {
            int distance = Distance(folded, (part is null ? name : part(name)).ToLowerInvariant(), limit);
            if (distance > limit || nearest.Exists(n => n.Name == name))
            {
                continue;
            }
            nearest.Add((name, distance));
            nearest = [.. nearest.OrderBy(n => n.Distance).ThenBy(n => n.Name.Length).ThenBy(n => n.Name, StringComparer.Ordinal).Take(Count)];
            limit = nearest.Count == Count ? nearest[^1].Distance : limit; // what is farther is not wanted any more
        }
        return [.. nearest.Select(n => n.Name)];
    }

    private static int Distance(string wanted, string name, int limit)
    {
        (string shorter, string longer) = wanted.Length < name.Length ? (wanted, name) : (name, wanted);
        bool isContained = shorter.Length >= ShortestContained && longer.Contains(shorter, StringComparison.Ordinal);
        int letters = longer.Length - shorter.Length > limit ? int.MaxValue : EditDistance(longer, shorter, limit);
        return isContained ? Math.Min(letters, ContainedDistance) : letters;
    }

    // Levenshtein's, over one row; of that only what can be within the limit. More than the limit means just that.
    private static int EditDistance(string longer, string shorter, int limit)
    {
        Span<int> row = shorter.Length < 256 ? stackalloc int[shorter.Length + 1] : new int[shorter.Length + 1];
        for (int j = 0; j < row.Length; j++)
        {
            row[j] = j;
        }
        for (int i = 0; i < longer.Length; i++)
        {
            int first = Math.Max(0, i - limit), last = Math.Min(shorter.Length, i + limit + 1);
            int diagonal = row[first];
            row[first] = first == 0 ? i + 1 : limit + 1;
            for (int j = first; j < last; j++)
            {
                int above = j == i + limit ? limit + 1 : row[j + 1];
                row[j + 1] = Math.Min(diagonal + (longer[i] == shorter[j] ? 0 : 1), 1 + Math.Min(above, row[j]));
                diagonal = above;
            }
        }
        return row[^1];
    }
}
