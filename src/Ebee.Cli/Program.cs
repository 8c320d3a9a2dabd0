using Ebee.Cli;

return StandardStreams.AreOpen() && DescriptorLimit.IsEnough() ? CommandLine.Run(args) : 1;
