namespace Ebee.Tests.Live;

/// <summary>The command with less than root has: enough, it works; not enough, the error names what is missing.</summary>
[Trait("Category", "Live")]
public sealed class PrivilegeTests
{
    [LiveTheory]
    [InlineData("execsnoop", "bpf,perfmon", null)]
    [InlineData("rmdetect", "bpf,perfmon", null)]
    [InlineData("execsnoop", "sys_admin", null)]
    [InlineData("execsnoop", "", "lacks CAP_BPF and CAP_PERFMON")]
    [InlineData("rmdetect", "", "lacks CAP_BPF and CAP_PERFMON")]
    [InlineData("execsnoop", "bpf", "lacks CAP_PERFMON")]
    [InlineData("execsnoop", "perfmon", "lacks CAP_BPF")]
    [InlineData("rmdetect", "net_admin,dac_read_search", "lacks CAP_BPF and CAP_PERFMON")]
    public void A_user_with_capabilities(string tool, string capabilities, string? error) => Run(tool, capabilities, error);

    [LiveTheory]
    [InlineData("rmdetect", "bpf,perfmon", null)]
    [InlineData("execsnoop", "bpf", "lacks CAP_PERFMON")]
    [Trait("Kernels", "Short")]
    public void A_user_on_any_kernel(string tool, string capabilities, string? error) => Run(tool, capabilities, error);

    [LiveTheory]
    [InlineData("execsnoop")]
    [InlineData("rmdetect")]
    public void Under_a_seccomp_filter_that_refuses_bpf(string tool)
    {
        CommandRun run = CommandRun.Run(CauseProgram.Path, ["forbid-bpf", "run", Repository.Command, tool, "--duration", "0"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("a seccomp filter is active", run.Errors, StringComparison.Ordinal);
        Assert.Contains("(EbpfPermissionDenied)", run.Errors, StringComparison.Ordinal);
        Assert.Contains("--security-opt seccomp=", run.Errors, StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("execsnoop")]
    [InlineData("rmdetect")]
    public void In_a_user_namespace(string tool)
    {
        SkipException.If(CommandRun.Run("unshare", ["-Ur", "true"]).ExitCode != 0, "needs user namespaces");
        CommandRun run = CommandRun.Run("unshare", ["-Ur", Repository.Command, tool, "--duration", "0"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("it is in a user namespace", run.Errors, StringComparison.Ordinal);
        Assert.Contains("(EbpfPermissionDenied)", run.Errors, StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("execsnoop")]
    [InlineData("rmdetect")]
    [Trait("Kernels", "Lockdown")]
    public void In_lockdown(string tool)
    {
        string mode = File.Exists("/sys/kernel/security/lockdown") ? File.ReadAllText("/sys/kernel/security/lockdown") : "";
        SkipException.If(!mode.Contains("[integrity]", StringComparison.Ordinal) && !mode.Contains("[confidentiality]", StringComparison.Ordinal),
            "needs a kernel that is locked down: tests/kernels/run.sh --securityfs --append lockdown=confidentiality");
        CommandRun run = CommandRun.Run(Repository.Command, [tool, "--duration", "0"]);
        if (mode.Contains("[integrity]", StringComparison.Ordinal))
        {
            Assert.True(run.ExitCode == 0, run.Errors);
            return;
        }
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("the kernel is locked down (confidentiality)", run.Errors, StringComparison.Ordinal);
        Assert.Contains("(EbpfPermissionDenied)", run.Errors, StringComparison.Ordinal);
    }

    private static void Run(string tool, string capabilities, string? error)
    {
        string folder = CommandCopy.New();
        string list = string.Join(',', capabilities.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(c => "+" + c));
        string[] asNobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", .. list.Length > 0 ? ["--inh-caps", list, "--ambient-caps", list] : Array.Empty<string>()];
        CommandRun reachable = CommandRun.Run("setpriv", [.. asNobody, $"{folder}/ebee", "--version"]);
        SkipException.If(reachable.ExitCode != 0, $"needs a .NET that every user can read ({reachable.Errors.Trim()})");
        CommandRun run = CommandRun.Run("setpriv", [.. asNobody, $"{folder}/ebee", tool, "--duration", "0", "--verbose"]);
        if (error is null)
        {
            Assert.True(run.ExitCode == 0, run.Errors);
            Assert.Contains("ebee: attached", run.Errors, StringComparison.Ordinal);
            return;
        }
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"{error}. (EbpfPermissionDenied)", run.Errors, StringComparison.Ordinal);
        Assert.Contains("sudo setpriv --reuid $(id -u) --regid $(id -g) --init-groups --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon", run.Errors,
            StringComparison.Ordinal);
    }
}
