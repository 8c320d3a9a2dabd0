# What the tests share. Each file dot-sources it in BeforeAll.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$Repository = (Resolve-Path "$PSScriptRoot/../..").Path
$ModulePath = "$Repository/out/Ebee/Ebee.psd1"
if (-not (Test-Path $ModulePath)) { throw "$ModulePath is missing: build first (./test.sh does)." }
Import-Module $ModulePath
# How much longer all takes in the machine that tests/kernels emulates.
$Slowness = (Get-Content -Raw /proc/cmdline) -match 'ebee\.guest=1' ? 30 : 1

if (-not ('Ebee.Tests.Support.BpfInventory' -as [type])) {
    Add-Type -Path "$PSScriptRoot/../Ebee.Tests/Support/BpfInventory.cs"
}
# How the machine was before the first test of the run; the last file compares.
if (-not (Get-Variable EbeeBefore -Scope Global -ErrorAction Ignore)) {
    $global:EbeeBefore = [Ebee.Tests.Support.BpfInventory]::All()
}

# Why live tests cannot run here; empty when they can.
. $PSScriptRoot/LiveOnly.ps1

# A folder that every user can reach, removed by Remove-TestFolder.
function New-TestFolder {
    $folder = (New-Item -ItemType Directory "/var/tmp/ebee-pester-$PID-$([guid]::NewGuid().ToString('n').Substring(0, 8))").FullName
    chmod 755 $folder
    $folder
}

# A program of a name that no other process has: a script, since a copy of a system's tool may not run.
function New-Program([string] $Folder, [string] $Name = "eb$PID$(Get-Random -Maximum 9999)") {
    $path = Join-Path $Folder $Name
    [IO.File]::WriteAllText($path, "#!/bin/sh`n:`n")
    chmod 755 $path
    [pscustomobject]@{ Name = $Name; Path = $path }
}

# Runs a script in a runspace of its own and waits until its tracer has attached, which -Verbose tells.
function Start-Stream([string] $Script, [int] $Streams = 1) {
    $Script = $Script -replace '-Duration (\d+)(?=ms|s)', { "-Duration $($Slowness * $_.Groups[1].Value)" }
    $state = [initialsessionstate]::CreateDefault()
    $state.ImportPSModule($ModulePath)
    $shell = [powershell]::Create($state)
    $null = $shell.AddScript("Set-StrictMode -Version Latest; `$PSDefaultParameterValues['Get-*Event:Verbose'] = `$true; $Script")
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $stream = [pscustomobject]@{
        Shell  = $shell
        Output = $output
        Async  = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
    }
    Wait-Until { @($shell.Streams.Verbose | Where-Object Message -like 'Attached:*').Count -ge $Streams -or $stream.Async.IsCompleted } 'it attached'
    $stream
}

# Polls a condition, at most twenty seconds; $Slowness times as long where a processor is emulated.
function Wait-Until([scriptblock] $Condition, [string] $What, [double] $Seconds = 20) {
    $Seconds *= $Slowness
    $watch = [Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($watch.Elapsed.TotalSeconds -gt $Seconds) { throw "It took more than $Seconds s until $What." }
        [Threading.Thread]::Sleep(2)
    }
}

# Waits for the end of a stream. What it wrote; its errors are thrown.
function Receive-Stream($Stream) {
    if (-not $Stream.Async.AsyncWaitHandle.WaitOne(20000 * $Slowness)) {
        $null = $Stream.Shell.BeginStop($null, $null)
        throw 'The stream did not end in time.'
    }
    try {
        $null = $Stream.Shell.EndInvoke($Stream.Async)
        $Stream.Output
    }
    finally {
        $Stream.Shell.Dispose()
    }
}

# Runs a script in a stream, an action when it has attached, and gives what the stream wrote.
function Watch-Stream([string] $Script, [scriptblock] $Action) {
    $stream = Start-Stream $Script
    & $Action
    Receive-Stream $stream
}

# What is left in the kernel of this run's programs after two seconds at most; $Slowness times that in the guest.
function Get-LeftBehind([Collections.Generic.ISet[string]] $Before) {
    [Ebee.Tests.Support.BpfInventory]::LeftBehind($Before, 2000 * $Slowness)
}

function Get-Inventory { , [Ebee.Tests.Support.BpfInventory]::All() }

# The smallest of three measurements: on a loaded machine a thread may wait for a processor as long as the limit.
function Measure-Best([scriptblock] $Measurement) {
    $best = [double]::MaxValue
    foreach ($attempt in 1..3) {
        $best = [Math]::Min($best, (& $Measurement))
        if ($best -le 100 * $Slowness) { break }
    }
    $best
}
