global using Ebee.Tests.Support;
global using Xunit;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
