@{
    RootModule           = 'out/Ebee/Ebee.PowerShell.dll'
    # Before the types, which name classes of theirs.
    RequiredAssemblies   = @(
        'out/Ebee/Ebee.dll'
        'out/Ebee/Ebee.PowerShell.dll'
    )
    ModuleVersion        = '0.1.0'
    GUID                 = '6f0f4f0a-9a54-4f0e-8d0c-6c3f6b0a7e1b'
    Author               = 'The Ebee authors'
    CompanyName          = 'The Ebee authors'
    Copyright            = '(c) The Ebee authors. MIT License.'
    Description          = 'Linux eBPF for PowerShell: kernel events as live, typed objects in the pipeline.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    CmdletsToExport      = @(
        'Get-EbpfEvent'
        'Get-EbpfFeature'
        'Get-EbpfLink'
        'Clear-EbpfMap'
        'Get-EbpfMap'
        'Get-EbpfMapEntry'
        'Remove-EbpfMapEntry'
        'Set-EbpfMapEntry'
        'Get-EbpfProgram'
        'Export-EbpfTypeHeader'
        'Invoke-EbpfProgram'
        'Get-EbpfTrace'
        'Get-EbpfTracepoint'
        'Get-ExecEvent'
        'Get-FileDeleteEvent'
        'Get-EbpfProbe'
        'Start-EbpfProbe'
        'Stop-EbpfProbe'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    FormatsToProcess     = @(
        'out/Ebee/Formatting/EbpfFeature.format.ps1xml'
        'out/Ebee/Formatting/EbpfInstruction.format.ps1xml'
        'out/Ebee/Formatting/EbpfLink.format.ps1xml'
        'out/Ebee/Formatting/EbpfMap.format.ps1xml'
        'out/Ebee/Formatting/EbpfMapEntry.format.ps1xml'
        'out/Ebee/Formatting/EbpfProbe.format.ps1xml'
        'out/Ebee/Formatting/EbpfProgram.format.ps1xml'
        'out/Ebee/Formatting/EbpfStruct.format.ps1xml'
        'out/Ebee/Formatting/EbpfTestRun.format.ps1xml'
        'out/Ebee/Formatting/EbpfTraceMessage.format.ps1xml'
        'out/Ebee/Formatting/EbpfTracepoint.format.ps1xml'
        'out/Ebee/Formatting/EbpfTracepointField.format.ps1xml'
        'out/Ebee/Formatting/ExecEvent.format.ps1xml'
        'out/Ebee/Formatting/FileDeleteEvent.format.ps1xml'
        'out/Ebee/Formatting/VerifierStatistics.format.ps1xml'
    )
    TypesToProcess       = @(
        'out/Ebee/Formatting/Ebee.types.ps1xml'
    )
    PrivateData          = @{
        PSData = @{
            Tags       = @('Linux', 'eBPF', 'BPF', 'Tracing', 'Security', 'Audit', 'PSEdition_Core')
            LicenseUri = 'https://opensource.org/license/mit'
        }
    }
}
