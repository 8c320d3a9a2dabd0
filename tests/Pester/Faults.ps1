# Sessions of their own for faults, and what these need compiled. For BeforeAll, after Common.ps1.

# Runs a script in a new PowerShell with the module loaded, and gives what it prints, errors too. Before it, sh does what -Before
# says, in a mount namespace of its own; -Through is what starts PowerShell, such as setpriv and its options.
function Invoke-Session([string] $Script, [string] $Before, [string[]] $Environment = @(), [string[]] $Through = @(), [string] $Module = $ModulePath) {
    $file = Join-Path $folder "session-$(New-Guid).ps1"
    Set-Content $file "Set-StrictMode -Version Latest; `$ErrorActionPreference = 'Stop'; `$PSStyle.OutputRendering = 'PlainText'`nImport-Module '$Module'`n$Script"
    $command = @('env') + $Environment + $Through + @((Get-Process -Id $PID).Path, '-NoProfile', '-NonInteractive', '-File', $file)
    $said = if ($Before) {
        unshare --mount --propagation private sh -c "$Before && exec `"`$@`"" sh @command 2>&1
    }
    else {
        & $command[0] @($command[1..($command.Count - 1)]) 2>&1
    }
    $said | Out-String
}

# An object compiled from a source of the repository.
function Build-Object([string] $Folder, [string] $Source) {
    $object = Join-Path $Folder ((Split-Path -Leaf $Source) -replace '\.c$', '.o')
    if (-not (Test-Path $object)) {
        $machine = (uname -m)
        $said = clang -g -O2 -target bpf -mcpu=v3 -DWITHOUT_SOCKETS "-D__TARGET_ARCH_$($machine -eq 'aarch64' ? 'arm64' : 'x86')" -idirafter "/usr/include/$machine-linux-gnu" `
            -c "$Repository/$Source" -o $object 2>&1
        if ($LASTEXITCODE) { throw ($said | Out-String) }
    }
    $object
}

# The one with a program for each kind of hook, but without a map of sockets.
function Build-Attach([string] $Folder) { Build-Object $Folder 'tests/Ebee.Tests/causes/attach.bpf.c' }

# The program that causes events.
function Build-Cause([string] $Folder) {
    $cause = Join-Path $Folder "storm$PID" # not the name that other suites look for
    if (-not (Test-Path $cause)) {
        $said = gcc -O2 -pthread -o $cause "$Repository/tests/Ebee.Tests/causes/cause.c" 2>&1
        if ($LASTEXITCODE) { throw ($said | Out-String) }
    }
    $cause
}
