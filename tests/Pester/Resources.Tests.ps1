# What a session lacks is said: descriptors, /sys, the version that was imported; and a session that is killed leaves nothing registered.

Describe 'A session' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $folder = New-TestFolder
        function Invoke-Session([string] $Script) {
            & ([Environment]::ProcessPath) -NoProfile -NonInteractive -Command "`$ErrorActionPreference = 'Stop'; $Script" 2>&1 | Out-String
        }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'says that a session cannot run two versions of the module' {
        Copy-Item -Recurse (Split-Path $ModulePath) "$folder/other"
        (Get-Content -Raw "$folder/other/Ebee.psd1") -replace "(ModuleVersion\s*=\s*)'[^']*'", "`$1'9.8.7'" | Set-Content "$folder/other/Ebee.psd1"
        $said = Invoke-Session "Import-Module '$ModulePath'; Remove-Module Ebee; Import-Module '$folder/other/Ebee.psd1'; try { Get-EbpfProbe } catch { `$_.FullyQualifiedErrorId; `$_.ErrorDetails.RecommendedAction }"
        $said | Should -Match 'EbpfVersionMismatch'
        $said | Should -Match 'Start a new session'
        Invoke-Session "Import-Module '$ModulePath'; Get-EbpfProbe; 'well'" | Should -Match 'well'
    }

    It 'says that descriptors are short, for <_>' -ForEach 'Get-ExecEvent -Duration 0', 'Get-FileDeleteEvent -Duration 0', 'Start-EbpfProbe -Source "int unused;"' {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly; return }
        $said = Invoke-Session @"
Import-Module '$ModulePath'
`$max = (Get-ChildItem /proc/self/fd | ForEach-Object { [int] `$_.Name } | Measure-Object -Maximum).Maximum
`$pad = do { `$one = [IO.File]::OpenHandle('/dev/null'); `$one } until ([int] `$one.DangerousGetHandle() -gt `$max)
prlimit --pid `$PID "--nofile=`$([int] `$one.DangerousGetHandle() + 20):"
try { $_ } catch { `$caught = `$_ }
prlimit --pid `$PID --nofile=4096:
"`$(`$caught.FullyQualifiedErrorId) `$caught `$(`$caught.ErrorDetails.RecommendedAction)"
"@
        $said | Should -Match 'EbpfResourcesExhausted.*may open \d+ files.*prlimit --pid \d+ --nofile=\d+'
    }

    It 'reads a map with a value for each CPU where /sys is not mounted' {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly; return }
        $type = "[Ebee.EbpfException].Assembly.GetType('Ebee.Host.Processors').GetProperty('PossibleCount').GetValue(`$null)"
        $said = & unshare --mount sh -c 'mount -t tmpfs none /sys && exec "$@"' sh ([Environment]::ProcessPath) -NoProfile -NonInteractive -Command "Import-Module '$ModulePath'; $type" 2>&1 | Out-String
        $said.Trim() | Should -Be "$(nproc --all)"
    }

    It 'leaves no struct of functions registered when it is killed' {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly; return }
        $known = '/proc/sys/net/ipv4/tcp_available_congestion_control'
        $source = "$Repository/tests/Ebee.Tests/causes/congestion.bpf.c"
        $said = Invoke-Session "Import-Module '$ModulePath'; `$null = Start-EbpfProbe -SourcePath '$source' -WarningVariable warned 3> `$null; Get-Content $known; `"warned: `$warned`"; Stop-Process -Id `$PID -Force"
        $said | Should -Match 'ebee_test'
        if ($said -notmatch 'warned:.*stays when this session ends') {
            Wait-Until { (Get-Content $known) -notmatch 'ebee_test' } 'it was taken out'
        }
    }
}
