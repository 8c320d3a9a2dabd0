using Ebee.Cli;

return DescriptorLimit.IsEnough() ? CommandLine.Run(args) : 1;
