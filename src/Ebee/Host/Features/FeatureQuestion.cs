namespace Ebee.Host.Features;

/// <summary>A feature by its name, and how to find out about it, which takes the kernel some work.</summary>
/// <param name="Category">What it is about.</param>
/// <param name="Name">Its name.</param>
/// <param name="Ask">Finds out.</param>
internal sealed record FeatureQuestion(EbpfFeatureCategory Category, string Name, Func<EbpfFeature> Ask)
{
    /// <summary>Whether asking leaves a line in the kernel's log.</summary>
    public bool IsLogged { get; init; }
}
