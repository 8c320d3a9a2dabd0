# A PowerShell that sees tracefs mounted, in a mount namespace of its own: the tests look at its files there, too. For
# BeforeAll, after Common.ps1.

# Runs a script there, with $Repository and $ModulePath set and the module loaded; what it writes comes back as objects.
function Invoke-WithTracefs([string] $Script, [string] $Folder, [string] $Mount = 'mount -t tracefs nodev /sys/kernel/tracing') {
    $file = Join-Path $Folder "tracefs-$(New-Guid).ps1"
    $result = "$file.xml"
    Set-Content $file @"
Set-StrictMode -Version Latest
`$ErrorActionPreference = 'Stop'
`$Repository = '$Repository'; `$ModulePath = '$ModulePath'; `$Folder = '$Folder'; `$Slowness = $Slowness; `$tracefs = '/sys/kernel/tracing'
Import-Module `$ModulePath
function Write-Mark([string] `$Text) { [IO.File]::WriteAllText("`$tracefs/trace_marker", `$Text) }
# Another reader of the machine's one pipe may be at work: it is waited for.
function Invoke-Alone([scriptblock] `$Script) {
    foreach (`$attempt in 1..20) {
        try { return & `$Script }
        catch { if (`$_.FullyQualifiedErrorId -notlike 'EbpfTraceBusy*' -or `$attempt -eq 20) { throw } }
        Start-Sleep -Milliseconds (500 * `$Slowness)
    }
}
# Reads the trace while something is caused, until so many messages that match have come.
function Watch-Trace([string] `$Pattern, [int] `$Count, [scriptblock] `$Cause) {
    Invoke-Alone { `$null = Get-EbpfTrace -Duration 0 }
    `$state = [initialsessionstate]::CreateDefault()
    `$state.ImportPSModule(`$ModulePath)
    `$shell = [powershell]::Create(`$state)
    `$null = `$shell.AddScript("Get-EbpfTrace -Verbose | Where-Object Message -like '`$Pattern' | Select-Object -First `$Count")
    `$output = [Management.Automation.PSDataCollection[psobject]]::new()
    `$async = `$shell.BeginInvoke([Management.Automation.PSDataCollection[psobject]]::new(), `$output)
    while (-not `$async.IsCompleted -and -not (`$shell.Streams.Verbose | Where-Object Message -like 'Attached:*')) { Start-Sleep -Milliseconds 2 }
    & `$Cause
    if (-not `$async.AsyncWaitHandle.WaitOne(5000 * `$Slowness)) { `$shell.Stop() }
    `$shell.Dispose()
    `$output
}
& { $Script } | Export-Clixml -Depth 4 '$result'
"@
    $said = unshare --mount sh -c "$Mount && exec `"`$@`"" sh (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File $file 2>&1
    if ($LASTEXITCODE -ne 0) { throw ($said | Out-String) }
    Import-Clixml $result
}
