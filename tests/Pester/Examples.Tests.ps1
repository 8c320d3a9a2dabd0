# Runs every example of the help as it is written, while something happens to be seen. They run at the same time, in
# runspaces of their own; a test is for one of them.
BeforeDiscovery {
    $examples = foreach ($page in Get-ChildItem "$PSScriptRoot/../../docs/help/*-*.md" -ErrorAction Ignore) {
        foreach ($match in [regex]::Matches((Get-Content -Raw $page), '(?ms)^### (Example[^\n]*)\n(.*?)(?=^###? )')) {
            $code = [regex]::Matches($match.Groups[2].Value, '(?ms)^```powershell\n(.*?)^```').ForEach({ $_.Groups[1].Value }) -join "`n"
            @{ Page = $page.BaseName; Title = $match.Groups[1].Value; Code = $code }
        }
    }
}

Describe 'The help' {
    It 'has examples' -ForEach @{ Count = @($examples).Count } {
        if (-not (Test-Path "$PSScriptRoot/../../docs/help")) { Set-ItResult -Skipped -Because 'there is no help yet' }
        $Count | Should -BeGreaterThan 5
    }
}

if ($examples) {
    Describe 'In the help' -ForEach @{ All = @($examples) } {
        BeforeAll {
            . $PSScriptRoot/Common.ps1
            if ($LiveOnly) { return }
            $folder = New-TestFolder

            # Executions and deletions, failed ones too, a few a second, until the folder is gone.
            $script = "$folder/generator"
            Set-Content $script @'
                cd "$1" || exit
                while [ -e generator ]; do
                    for i in 1 2 3; do : >"file$i"; : >"new$i"; done
                    rm file1; unlink file2; mv new1 new2
                    mkdir directory; rmdir directory
                    rm missing 2>/dev/null; ./missing 2>/dev/null
                    { echo mark >"$2/trace_marker"; } 2>/dev/null # for who reads the trace
                    id >/dev/null; uname >/dev/null; date >/dev/null
                    sleep 0.3
                done
'@
            # Where tracefs is not mounted, the module has a mount of its own, which -Verbose names; others reach it through /proc.
            $pipe = foreach ($attempt in 1..20) {
                try { (Get-EbpfTrace -Duration 0 -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] })[0].Message; break }
                catch { Start-Sleep -Milliseconds 500 } # somebody else reads it
            }
            $tracefs = $pipe -match '^Attached: (\S+)/trace_pipe' ? $Matches[1] : '/sys/kernel/tracing'
            $generator = Start-Process sh -ArgumentList $script, $folder, $tracefs -PassThru

            # Something that the cmdlets show that list what the kernel holds.
            $stream = Start-Stream 'Get-ExecEvent -Duration 10m | Out-Null'

            $started = [Diagnostics.Stopwatch]::StartNew()
            $jobs = foreach ($example in $All) {
                $job = Start-ThreadJob -ThrottleLimit 12 -ArgumentList $ModulePath, $folder, $example.Code {
                    param($Module, $Folder, $Code)
                    Set-Variable HOME $Folder -Force # what an example writes, it writes there
                    Set-Location $Folder
                    Import-Module $Module
                    $watch = [Diagnostics.Stopwatch]::StartNew()
                    do {
                        $output = $problem = $null
                        try {
                            $output = & ([scriptblock]::Create($Code)) 2>&1 3>&1 4>$null 6>$null
                            $problem = $output | Where-Object { $_ -is [Management.Automation.ErrorRecord] -or $_ -is [Management.Automation.WarningRecord] } | Select-Object -First 1
                        }
                        catch { $problem = $_ }
                        # The trace has one reader at a time: the others wait for their turn.
                        $isBusy = "$(${problem}?.FullyQualifiedErrorId)" -like 'EbpfTraceBusy*' -and $watch.Elapsed.TotalSeconds -lt 60
                        if ($isBusy) { Start-Sleep -Milliseconds 300 }
                    } while ($isBusy)
                    @{ Seconds = $watch.Elapsed.TotalSeconds; Problem = "$problem"; Id = "$(${problem}?.FullyQualifiedErrorId)"; Output = @($output).Count; Text = ($output | Out-String) }
                }
                @{ Key = "$($example.Page) $($example.Title)"; Job = $job }
            }
            $results = @{}
            foreach ($entry in $jobs) {
                $left = [Math]::Max(1, 120 * $Slowness - $started.Elapsed.TotalSeconds)
                $results[$entry.Key] = if (Wait-Job $entry.Job -Timeout $left) { Receive-Job $entry.Job }
                Remove-Job $entry.Job -Force
            }
        }
        AfterAll {
            if ($LiveOnly) { return }
            $stream.Shell.Stop()
            $stream.Shell.Dispose()
            Remove-Item $script
            $generator.WaitForExit()
            Remove-Item -Recurse -Force $folder
        }

        It 'of <Page>, <Title>' -ForEach $examples {
            if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
            $Code.Trim() | Should -Not -BeNullOrEmpty
            $result = $results["$Page $Title"]
            $result | Should -Not -BeNullOrEmpty -Because 'it ends in time'
            if ($result.Id -like 'EbpfTraceBusy*') { Set-ItResult -Skipped -Because 'needs the trace pipe, which somebody else reads' }
            if ($result.Id -like 'EbpfClangNotFound*') { Set-ItResult -Skipped -Because 'needs clang' }
            $result.Problem | Should -BeNullOrEmpty
            # The first is the cmdlet alone: while something happens it shows something.
            if ($Title -like 'Example 1:*') { $result.Output | Should -BeGreaterThan 0 }
        }
    }
}
