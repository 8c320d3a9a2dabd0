using System.Collections;
using System.Management.Automation;
using System.Text.RegularExpressions;
using Ebee.Events;
using Ebee.Host;
using Ebee.Maps;
using Ebee.PowerShell.Completion;
using Ebee.Programs;
using Ebee.Programs.Attaching;

namespace Ebee.PowerShell.Commands;

/// <summary>Loads eBPF programs and attaches them.</summary>
[Cmdlet(VerbsLifecycle.Start, "EbpfProbe", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
[OutputType(typeof(EbpfProbe), typeof(VerifierStatistics))]
public sealed partial class StartEbpfProbeCommand : StoppableCommand
{
    /// <summary>Object files, compiled with clang -target bpf.</summary>
    [Parameter(Position = 0, Mandatory = true, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ValidatePath]
    public string[] Path { get; set; } = [];

    /// <summary>C source text, which clang compiles.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Source")]
    [ValidateNotNullOrEmpty]
    public string Source { get; set; } = "";

    /// <summary>C source files, which clang compiles.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "SourcePath")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ValidatePath]
    public string[] SourcePath { get; set; } = [];

    /// <summary>Folders of headers for the C source.</summary>
    [Parameter(ParameterSetName = "Source")]
    [Parameter(ParameterSetName = "SourcePath")]
    [ValidateNotNullOrEmpty]
    [ValidatePath]
    public string[] IncludePath { get; set; } = [];

    /// <summary>Macros for the C source: NAME, NAME=VALUE, or a hashtable of them.</summary>
    [Parameter(ParameterSetName = "Source")]
    [Parameter(ParameterSetName = "SourcePath")]
    [ValidateNotNullOrEmpty]
    public object[] Define { get; set; } = [];

    /// <summary>Only these of the object's programs.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] ProgramName { get; set; } = [];

    /// <summary>None of these of the object's programs.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] ExcludeProgram { get; set; } = [];

    /// <summary>Starts the other programs when the hook of one is missing here, with a warning.</summary>
    [Parameter]
    public SwitchParameter SkipMissing { get; set; }

    /// <summary>Values of global variables.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Global { get; set; } = new Hashtable();

    /// <summary>Entries of maps; for ring buffers bytes.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary MapSize { get; set; } = new Hashtable();

    /// <summary>Files under bpffs that maps are pinned as.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary MapPin { get; set; } = new Hashtable();

    /// <summary>Maps that exist, in place of the object's own.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary ReuseMap { get; set; } = new Hashtable();

    /// <summary>A folder under bpffs for all of the probe, which then outlives the session.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidatePath]
    public string? PinPath { get; set; }

    /// <summary>Asks the verifier, reports what it counted, and attaches nothing.</summary>
    [Parameter]
    public SwitchParameter VerifyOnly { get; set; }

    /// <summary>The tracepoint, where the section leaves it open.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TracepointNameCompleter))]
    public string? Tracepoint { get; set; }

    /// <summary>The kernel's function, where the section leaves it open.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KernelFunctionCompleter))]
    public string? Function { get; set; }

    /// <summary>The network interfaces.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceNameCompleter))]
    public string[] Interface { get; set; } = [];

    /// <summary>Where packets meet an xdp program.</summary>
    [Parameter]
    public XdpMode XdpMode { get; set; }

    /// <summary>Which packets a tc program sees.</summary>
    [Parameter]
    public TrafficDirection Direction { get; set; }

    /// <summary>The cgroup's folder.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupPathCompleter))]
    [ValidatePath]
    public string? CgroupPath { get; set; }

    /// <summary>The binary or library of a uprobe.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidatePath]
    public string? BinaryPath { get; set; }

    /// <summary>The function of that binary, or the USDT probe as provider:name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SymbolCompleter))]
    public string? Symbol { get; set; }

    /// <summary>Only in this process.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(ProcessIdCompleter))]
    public int ProcessId { get; set; }

    /// <summary>Samples a second.</summary>
    [Parameter]
    [ValidateRange(1, 10_000)]
    public int Frequency { get; set; }

    /// <summary>What is sampled, by perf's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PerfEventNameCompleter))]
    public string? PerfEvent { get; set; }

    /// <summary>Files that other users could have written, too, with a warning.</summary>
    [Parameter]
    public SwitchParameter AllowUntrusted { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string file in Path.SelectMany(Files))
        {
            Start(file, (_, use) => ObjectBuilder.FromFile(file, use));
        }
        foreach (string file in SourcePath.SelectMany(Files))
        {
            Start(file, (options, use) => ObjectBuilder.FromBytes(ObjectBuilder.NameOf(file),
                SourceCompiler.CompileFile(file, options.Section, use: use, with: SourceOptions(), cancellation: StopToken)));
        }
        if (ParameterSetName == "Source")
        {
            Start("the source text", (options, use) => ObjectBuilder.FromBytes("source",
                SourceCompiler.Compile(Source, options.Section, use: use, with: SourceOptions(), cancellation: StopToken)));
        }
    }

    private void Start(string target, Func<ProbeOptions, FileUse, ObjectBuilder> open)
    {
        if (!ShouldProcess(target, VerifyOnly ? "Have its eBPF programs verified" : "Load its eBPF programs and attach them"))
        {
            return;
        }
        try
        {
            ProbeOptions options = Options();
            ProbeStart.RequireDescriptors(target);
            FileUse use = new(AllowUntrusted);
            ObjectBuilder builder = open(options, use);
            use.Notes.ForEach(note => WriteVerbose(TerminalText.Escape(note)));
            use.Warnings.ForEach(warning => WriteWarning(TerminalText.Escape(warning)));
            if (VerifyOnly)
            {
                WriteObject(ProbeStart.Verify(builder, options, StopToken), enumerateCollection: true);
                return;
            }
            EbpfProbe probe = ProbeStart.Run(builder, options, StopToken);
            bool isGiven = false;
            try
            {
                SessionProbes.Add(probe);
                Array.ForEach(probe.Warnings, warning => WriteWarning(TerminalText.Escape(warning)));
                Array.ForEach(probe.LeftOut, left => WriteVerbose(TerminalText.Escape($"Left out: {left}")));
                foreach (ProbeProgram program in probe.Programs)
                {
                    if (program.Hook.Length == 0)
                    {
                        WriteWarning(TerminalText.Escape($"The program {program.Name} of the section '{program.Section}' is loaded; nothing that Ebee attaches to runs it."));
                    }
                    if (program is { Type: StructOps.Kind, Section: ".struct_ops", LinkId.Length: 0 })
                    {
                        WriteWarning(TerminalText.Escape($"{program.Name} is registered without a link, which needs Linux 6.4: it stays when this session ends. Take it out before: Stop-EbpfProbe {probe.Id}."));
                    }
                    WriteVerbose(TerminalText.Escape($"Attached: {program}"));
                }
                StopToken.ThrowIfCancellationRequested();
                isGiven = true;
                WriteObject(probe);
            }
            finally
            {
                if (!isGiven)
                {
                    probe.Stop(); // stopped, or a warning was to end it: nobody has the probe
                }
            }
        }
        catch (EbpfException e)
        {
            WriteError(EbpfErrorRecord.From(e, target));
        }
        catch (OperationCanceledException)
        {
            // the pipeline is being stopped
        }
    }

    private ProbeOptions Options() => new()
    {
        ProgramName = ProgramName,
        ExcludeProgram = ExcludeProgram,
        SkipMissing = SkipMissing,
        Global = Entries(Global, nameof(Global), PlainValue.Of, "a value of the variable's C type"),
        MapSize = Entries(MapSize, nameof(MapSize), LanguagePrimitives.ConvertTo<uint>, "a number from 1 to 4294967295: -MapSize @{ counts = 100000 }"),
        MapPin = Entries(MapPin, nameof(MapPin), PinnedAt, "a path: -MapPin @{ counts = '/sys/fs/bpf/counts' }"),
        ReuseMap = Entries(ReuseMap, nameof(ReuseMap), value => LanguagePrimitives.ConvertTo<EbpfMap>(value) ?? throw new PSInvalidCastException(), "a map: -ReuseMap @{ counts = Get-EbpfMap -MapId 7 }"),
        PinPath = PinPath is null ? null : GetUnresolvedProviderPathFromPSPath(PinPath),
        Tracepoint = Tracepoint,
        Function = Function,
        Interface = Interface,
        XdpMode = Given(nameof(XdpMode), XdpMode),
        Direction = Given(nameof(Direction), Direction),
        CgroupPath = CgroupPath is null or ['/', ..] ? CgroupPath : GetUnresolvedProviderPathFromPSPath(CgroupPath),
        BinaryPath = BinaryPath is null or ['/', ..] || !BinaryPath.Contains('/', StringComparison.Ordinal) ? BinaryPath : GetUnresolvedProviderPathFromPSPath(BinaryPath),
        Symbol = Symbol,
        ProcessId = Given(nameof(ProcessId), ProcessId),
        Frequency = Given(nameof(Frequency), Frequency),
        PerfEvent = PerfEvent,
        CurrentFolder = SessionState.Path.CurrentFileSystemLocation.ProviderPath,
    };

    private SourceOptions SourceOptions() => new()
    {
        IncludePath = [.. IncludePath.Select(Folder)],
        Define = [.. Define.SelectMany(Macros)],
    };

    private string Folder(string path)
    {
        string folder = GetUnresolvedProviderPathFromPSPath(path);
        return Directory.Exists(folder) ? folder : throw new EbpfException(EbpfError.FileFailed, $"There is no folder '{folder}' for headers.",
            "Give -IncludePath folders that exist: -IncludePath ./include.");
    }

    private static IEnumerable<string> Macros(object given)
    {
        object plain = given is PSObject wrapped ? wrapped.BaseObject : given;
        IEnumerable<string> macros = plain is IDictionary table
            ? table.Cast<DictionaryEntry>().Select(macro => macro.Value is null ? $"{macro.Key}" : $"{macro.Key}={(macro.Value is bool or SwitchParameter ? LanguagePrimitives.IsTrue(macro.Value) ? 1 : 0 : LanguagePrimitives.ConvertTo<string>(macro.Value))}")
            : [LanguagePrimitives.ConvertTo<string>(plain)];
        return macros.Select(macro => Macro().IsMatch(macro) ? macro : throw new EbpfException(EbpfError.InvalidArgument, $"-Define cannot take '{macro}'.",
            "Give names of C, with a value in one line: -Define DEBUG, 'SIZE=16'; or -Define @{ SIZE = 16 }."));
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*(\([A-Za-z0-9_, .]*\))?(=[^\x00-\x1f]*)?\z")]
    private static partial Regex Macro();

    private T? Given<T>(string parameter, T value) where T : struct => MyInvocation.BoundParameters.ContainsKey(parameter) ? value : null;

    private string PinnedAt(object? value)
    {
        string path = LanguagePrimitives.ConvertTo<string>(value);
        return ValidatePathAttribute.IsPath(path) ? GetUnresolvedProviderPathFromPSPath(path) : throw new PSInvalidCastException();
    }

    private static Dictionary<string, T> Entries<T>(IDictionary given, string parameter, Func<object?, T> convert, string wanted)
    {
        Dictionary<string, T> entries = new(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given)
        {
            string name = LanguagePrimitives.ConvertTo<string>(entry.Key);
            try
            {
                entries[name] = convert(entry.Value);
            }
            catch (PSInvalidCastException e)
            {
                throw new EbpfException(EbpfError.InvalidArgument, $"-{parameter} cannot take '{entry.Value}' for {name}.", $"Give {wanted}.", inner: e);
            }
        }
        return entries;
    }

    // A file whose name has brackets is itself before it is a pattern.
    private string[] Files(string path)
    {
        string literal = GetUnresolvedProviderPathFromPSPath(path);
        if (File.Exists(literal) || !WildcardPattern.ContainsWildcardCharacters(path))
        {
            return [literal];
        }
        try
        {
            if (GetResolvedProviderPathFromPSPath(path, out _) is { Count: > 0 } found)
            {
                return [.. found];
            }
        }
        catch (ItemNotFoundException)
        {
            // the folder is not there
        }
        catch (WildcardPatternException)
        {
            // brackets that hold no set of characters match nothing
        }
        WriteError(EbpfErrorRecord.From(new EbpfException(EbpfError.FileFailed, $"No file matches '{path}'.",
            "List what is there: Get-ChildItem *.bpf.o; or compile your program: clang -g -O2 -target bpf -c program.bpf.c."), path));
        return [];
    }
}
