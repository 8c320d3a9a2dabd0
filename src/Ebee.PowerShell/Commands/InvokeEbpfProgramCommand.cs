using System.Management.Automation;
using Ebee.Native;
using Ebee.PowerShell.Completion;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.PowerShell.Commands;

/// <summary>Runs a program in the kernel once or often, without its hook, and gives what came of it.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "EbpfProgram", DefaultParameterSetName = "Name", SupportsShouldProcess = true)]
[OutputType(typeof(EbpfTestRun))]
public sealed class InvokeEbpfProgramCommand : StoppableCommand
{
    /// <summary>The program of this name; each pattern is to match one.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EbpfProgramNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The programs of these ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ProgramId", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(EbpfProgramIdCompleter))]
    public uint[] ProgramId { get; set; } = [];

    /// <summary>Programs that Get-EbpfProgram gives.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Program", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfProgram[] Program { get; set; } = [];

    /// <summary>Programs of a probe.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ProbeProgram", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Programs")]
    [ValidateNotNullOrEmpty]
    public ProbeProgram[] ProbeProgram { get; set; } = [];

    /// <summary>The packet.</summary>
    [Parameter]
    [BytesTransformation]
    [ValidateNotNull]
    public byte[]? Data { get; set; }

    /// <summary>The context.</summary>
    [Parameter]
    [BytesTransformation]
    [ValidateNotNull]
    public byte[]? Context { get; set; }

    /// <summary>How often.</summary>
    [Parameter]
    [ValidateRange(1, TestRun.MaxRepeat)]
    public int Repeat { get; set; } = 1;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            switch (ParameterSetName)
            {
                case "Name":
                    Array.ForEach(Name, RunNamed);
                    break;
                case "ProgramId":
                    Array.ForEach(ProgramId, RunById);
                    break;
                case "Program":
                    Array.ForEach(Program, program => RunById(program.Id));
                    break;
                default:
                    Array.ForEach(ProbeProgram, RunOfProbe);
                    break;
            }
        }
        catch (EbpfException e) when (e.Error is EbpfError.LibBpfNotFound or EbpfError.NotLinux or EbpfError.PermissionDenied or EbpfError.InventoryFailed)
        {
            ThrowTerminatingError(EbpfErrorRecord.From(e, MyInvocation.MyCommand.Name)); // none of the others would do better
        }
    }

    private void RunNamed(string name)
    {
        if (NamePattern.TryOf(this, name) is not { } pattern)
        {
            return;
        }
        using HostInventory inventory = new(withHolders: false);
        EbpfProgram[] found = [.. inventory.Programs().Where(program => pattern.IsMatch(program.Name))];
        if (found.Length == 1)
        {
            RunById(found[0].Id);
            return;
        }
        EbpfException e = found.Length == 0
            ? NotFound($"the name '{name}'")
            : new EbpfException(EbpfError.InvalidArgument, $"{found.Length} eBPF programs have the name '{name}'.",
                "Choose one by its id: " + string.Join(", ", found.Take(8).Select(program => $"-ProgramId {program.Id} ({program.Name})")) + (found.Length > 8 ? ", …" : "") + ".");
        WriteError(EbpfErrorRecord.From(e, name));
    }

    private void RunById(uint id)
    {
        using HostInventory inventory = new(withHolders: false);
        using SafeFileHandle? handle = KernelObjects.Programs.Open(id);
        if (handle is null || inventory.Program(id) is not { } program)
        {
            WriteError(EbpfErrorRecord.From(NotFound($"the id {id}"), id));
            return;
        }
        Run(handle, id, program.Name, program.Type);
    }

    private void RunOfProbe(ProbeProgram program)
    {
        if (program.Handle.IsInvalid)
        {
            WriteError(EbpfErrorRecord.From(new EbpfException(EbpfError.NotSupported, $"{program.Name} is not a program: it is a struct of them.",
                "Give one of its programs: (Get-EbpfProbe).Programs shows them."), program));
            return;
        }
        try
        {
            Run(program.Handle, program.ProgramId, program.Name, program.Type);
        }
        catch (ObjectDisposedException)
        {
            WriteError(EbpfErrorRecord.From(new EbpfException(EbpfError.ProbeNotFound, $"The probe of the program {program.Name} was stopped.",
                "Start it again: Start-EbpfProbe."), program));
        }
    }

    private void Run(SafeFileHandle handle, uint id, string name, string type)
    {
        if (!ShouldProcess($"{name} ({type}, id {id})", Repeat == 1 ? "Run the eBPF program" : $"Run the eBPF program {Repeat} times"))
        {
            return;
        }
        try
        {
            WriteObject(TestRun.Run(handle, id, name, type, Data, Context, Repeat, StopToken));
        }
        catch (OperationCanceledException)
        {
            // the pipeline is being stopped
        }
        catch (EbpfException e) when (e.Error is not EbpfError.PermissionDenied)
        {
            WriteError(EbpfErrorRecord.From(e, id));
        }
    }

    private static EbpfException NotFound(string what) => new(EbpfError.ProgramNotFound, $"No eBPF program has {what}.",
        "List them: Get-EbpfProgram. A program goes when nothing holds or links it any more.");
}
