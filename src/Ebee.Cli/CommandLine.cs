using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.CompilerServices;
using Ebee.Tracers;

namespace Ebee.Cli;

/// <summary>All subcommands: one for each tracer.</summary>
internal static class CommandLine
{
    /// <summary>Does what the arguments say. The exit code.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // what it needs is loaded when it is called
    public static int Run(string[] arguments)
    {
        // Not a RootCommand, which would go by the assembly's name.
        Command root = new("ebee", "Linux kernel events through eBPF, as a table or as JSON lines.")
        {
            new HelpOption(),
            new VersionOption(),
        };
        foreach (Tracer tracer in Tracer.All)
        {
            root.Add(new TracerCommand(tracer));
        }
        // A name may begin with @: it is no file of further arguments.
        return root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null }).Invoke();
    }
}
