using Ebee.Events;
using Ebee.Tracers;

namespace Ebee.Host;

/// <summary>A process as /proc shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name (comm).</param>
/// <param name="CommandLine">Its arguments as a POSIX shell would read them; empty for kernel threads.</param>
public sealed record RunningProcess(int Id, string Name, string CommandLine)
{
    /// <summary>All processes of this pid namespace; those that end meanwhile are left out.</summary>
    public static IEnumerable<RunningProcess> All()
    {
        foreach (int id in Processes.All())
        {
            RunningProcess process;
            try
            {
                process = new RunningProcess(id, File.ReadAllText($"/proc/{id}/comm").TrimEnd('\n'),
                    ShellQuoting.Join(ExecEvent.SplitArguments(File.ReadAllBytes($"/proc/{id}/cmdline"))));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }
            yield return process;
        }
    }
}
