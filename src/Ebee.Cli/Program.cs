using System.CommandLine;
using System.CommandLine.Help;
using Ebee.Cli;
using Ebee.Tracers;

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
return root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null }).Invoke();
