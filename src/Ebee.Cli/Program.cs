using System.CommandLine;
using Ebee.Cli;
using Ebee.Tracers;

RootCommand root = new("Linux kernel events through eBPF, as a table or as JSON lines.");
foreach (Tracer tracer in Tracer.All)
{
    root.Add(new TracerCommand(tracer));
}
return root.Parse(args).Invoke();
