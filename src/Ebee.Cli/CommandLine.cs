using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;
using Ebee.Events;
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
        ParseResult result = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (arguments.Length == 0)
        {
            root.Parse(["--help"]).Invoke();
            return 1; // a script wants to know that nothing was traced
        }
        return result.Errors.Count == 0 || result.Action is not ParseErrorAction ? result.Invoke() : Refuse(result, root);
    }

    private static int Refuse(ParseResult result, Command root)
    {
        Command command = result.CommandResult.Command;
        string path = command == root ? root.Name : $"{root.Name} {command.Name}";
        // What it does not know is also why something is missing.
        foreach (string error in result.UnmatchedTokens.Count > 0
            ? result.UnmatchedTokens.Select(token => $"'{token}' is no {(command == root ? "command" : "option")} of {path}.")
            : result.Errors.Select(error => error.Message))
        {
            Console.Error.WriteLine($"ebee: {TerminalText.Escape(error)}");
        }
        Console.Error.WriteLine($"ebee: Type {path} --help.");
        return 1;
    }
}
