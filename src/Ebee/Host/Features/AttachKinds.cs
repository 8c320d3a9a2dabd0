using Ebee.Btf;

namespace Ebee.Host.Features;

internal static class AttachKinds
{
    public static IEnumerable<FeatureQuestion> Questions(KernelTypes types) => [];
}
