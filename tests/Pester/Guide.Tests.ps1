# What the guide has to type is typed, in its order, in one session: docs/guide.md.
Describe 'The guide' {
    BeforeDiscovery {
        $fence = '(?ms)^```powershell([^\n]*)\n(.*?)^```'
        $number = 0
        $blocks = [regex]::Matches((Get-Content -Raw "$PSScriptRoot/../../docs/guide.md"), $fence).ForEach({
                @{ Number = $number++; First = ($_.Groups[2].Value -split "`n")[0]; Fails = $_.Groups[1].Value -match 'fails' }
            })
    }
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Namespaces.ps1
        $missing = $LiveOnly
        if (-not $missing -and -not (Get-Command clang -ErrorAction Ignore)) { $missing = 'needs clang' }
        if ($missing) { return }
        $folder = New-TestFolder
        $results = @(Invoke-InNamespaces -Folder $folder -Network -Setup $EbpfMounts -Script ("$InvokePage" + {
                    Set-Location $Folder
                    Invoke-Page "$Repository/docs/guide.md"
                }))
    }
    BeforeEach {
        if ($missing) { Set-ItResult -Skipped -Because $missing }
    }
    AfterAll {
        if (-not $missing) { Remove-Item -Recurse -Force $folder }
    }

    It '<Number> says <First>' -ForEach $blocks {
        $result = $results[$Number]
        $result.Fails | Should -Be $Fails
        if ($Fails) { $result.Id | Should -Match '^Ebpf(VerifierRejected|TracepointNotFound),' -Because "$($result.Text)" }
        else { $result.Problem | Should -BeNullOrEmpty -Because $result.Code }
    }

    It 'shows what it says' {
        $text = { param($Like) ($results | Where-Object Code -like "*$Like*" | Select-Object -First 1).Text }
        & $text 'Hello from' | Should -Match 'Hello from process \d+'
        & $text 'target_uid = 0' | Should -Match '/etc/hostname'
        & $text 'ignored_pid = ' | Should -Match '(?s)ignored_pid.*\d+'
        [regex]::Match((& $text 'bpf_stats_enabled'), 'RunCount\s*: (\d+)').Groups[1].Value | Should -BeGreaterThan 0
        & $text 'int f(void' | Should -Match 'execve'
    }
}
