using System.Management.Automation;
using Ebee.Btf;

namespace Ebee.PowerShell.Commands;

/// <summary>Writes the kernel's types as a C header, vmlinux.h.</summary>
[Cmdlet(VerbsData.Export, "EbpfTypeHeader", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportEbpfTypeHeaderCommand : StoppableCommand
{
    /// <summary>The file to write.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [ValidatePath]
    public string Path { get; set; } = "vmlinux.h";

    /// <summary>Where the types come from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidatePath]
    public string BtfPath { get; set; } = TypeHeader.KernelBtf;

    /// <summary>Writes over a file that is there already.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        string path = GetUnresolvedProviderPathFromPSPath(Path), btfPath = GetUnresolvedProviderPathFromPSPath(BtfPath);
        try
        {
            if (!ShouldProcess(path, $"Write the types of {btfPath}"))
            {
                return;
            }
            if (!Force && File.Exists(path))
            {
                throw Exists(path);
            }
            FileWarnings.OfTypes(this, btfPath);
            byte[] header = TypeHeader.Make(btfPath, StopToken);
            Write(path, header);
            WriteObject(new FileInfo(path));
        }
        catch (OperationCanceledException)
        {
            // the pipeline is being stopped
        }
        catch (EbpfException e)
        {
            ThrowTerminatingError(EbpfErrorRecord.From(e, path));
        }
    }

    private void Write(string path, byte[] header)
    {
        try
        {
            using FileStream file = new(path, Force ? FileMode.Create : FileMode.CreateNew, FileAccess.Write);
            file.Write(header);
        }
        catch (IOException e) when (!Force && File.Exists(path))
        {
            throw Exists(path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EbpfException(EbpfError.FileFailed, $"'{path}' could not be written: {e.Message.TrimEnd('.')}.",
                "Give -Path a file in a folder that exists and that you may write to.", inner: e);
        }
    }

    private static EbpfException Exists(string path, Exception? inner = null) =>
        new(EbpfError.FileExists, $"'{path}' is there already.", "Give another -Path, or write over it with -Force.", inner: inner);
}
