using System.Runtime.ExceptionServices;

namespace Ebee.Tests.Support;

/// <summary>Runs a test's body on a thread that has a mount namespace of its own; its mounts end with it.</summary>
internal static class PrivateMounts
{
    /// <summary>Runs it. Processes that it starts are in the namespace, too.</summary>
    public static void Run(Action body)
    {
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                Sys.Check(Sys.unshare(Sys.CloneNewNs | Sys.CloneFs), "unshare");
                Sys.Mount("none", "/", "", Sys.MsRecursive | Sys.MsPrivate);
                body();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    /// <summary>Mounts a tmpfs over a new folder of the namespace. Its path.</summary>
    public static string Tmpfs()
    {
        string folder = TestFolder.New("tmpfs");
        Sys.Mount("ebee-tests", folder, "tmpfs", 0, "mode=755");
        return folder;
    }
}
