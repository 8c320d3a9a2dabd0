# A session under faults: what is asked of it still holds, or an error says what is wrong, and nothing stays attached.

Describe 'A session' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Faults.ps1
        $folder = New-TestFolder
        $program = New-Program $folder
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
        $before = Get-Inventory
    }
    AfterEach {
        if (-not $LiveOnly) { Get-LeftBehind $before | Should -BeNullOrEmpty }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    # Eight at a time: a session opens a runspace in about a second of CPU.
    It 'starts a tracer 100 times in parallel runspaces (10 in the guest), and each sees its own event alone' {
        $programs = 1..($Slowness -gt 1 ? 10 : 100) | ForEach-Object { New-Program $folder "par$PID-$_" }
        $programs | ForEach-Object -ThrottleLimit 8 -Parallel {
            $program = $_
            Import-Module $using:ModulePath
            # "Attached" comes down the pipeline before the first event.
            $seen = Get-ExecEvent -Name $program.Name -MaxEvents 1 -Duration "$(20 * $using:Slowness)s" -Verbose 4>&1 | ForEach-Object {
                if ($_ -is [System.Management.Automation.VerboseRecord]) { if ($_ -like 'Attached:*') { & $program.Path } }
                else { $_.Name }
            }
            "$($program.Name)=$seen"
        } | Sort-Object | Should -Be ($programs.ForEach({ "$($_.Name)=$($_.Name)" }) | Sort-Object)
    }

    It 'streams on while another runspace does <_>' -ForEach 'Import-Module $ModulePath -Force', 'Import-Module $ModulePath; Remove-Module Ebee' {
        $stream = Start-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 1"
        $other = [powershell]::Create()
        try {
            $null = $other.AddScript($_.Replace('$ModulePath', "'$ModulePath'")).Invoke()
            $other.Streams.Error | Should -BeNullOrEmpty
        }
        finally { $other.Dispose() }
        & $program.Path
        (Receive-Stream $stream).Name | Should -Be $program.Name
    }

    It 'ends its stream well after <_> in the midst of it' -ForEach 'Import-Module $ModulePath -Force', 'Remove-Module Ebee' {
        $action = $_.Replace('$ModulePath', "'$ModulePath'")
        $stream = Start-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 2 | ForEach-Object { $action; `$_ }"
        & $program.Path
        Wait-Until { $stream.Output.Count -ge 1 } 'the first event'
        & $program.Path
        (Receive-Stream $stream).Name | Should -Be @($program.Name, $program.Name)
    }

    It 'lets go of its probes at <_>' -Skip:(-not (Get-Command clang -ErrorAction Ignore)) -ForEach 'Import-Module $ModulePath -Force', 'Remove-Module Ebee' {
        $object = Build-Attach $folder
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$ModulePath'; `$null = Start-EbpfProbe '$object' -ProgramName raw_tracepoint_named; $($_.Replace('$ModulePath', "'$ModulePath'"))").Invoke()
            $shell.Streams.Error | Should -BeNullOrEmpty
            Get-LeftBehind $before | Should -BeNullOrEmpty
        }
        finally { $shell.Dispose() }
    }

    It 'ends a stream of a probe that another runspace stops' -Skip:(-not (Get-Command clang -ErrorAction Ignore)) {
        $probe = Start-EbpfProbe (Build-Object $folder 'samples/execve-ring.bpf.c')
        try {
            $stream = Start-Stream "Get-EbpfEvent -Id $($probe.Id)"
            & $program.Path
            Wait-Until { $stream.Output.Count -ge 1 } 'the first event'
        }
        finally { $probe | Stop-EbpfProbe }
        @(Receive-Stream $stream).Count | Should -BeGreaterOrEqual 1
        Get-EbpfProbe | Should -BeNullOrEmpty
    }

    It 'says that a process is gone before it is looked up' {
        $process = [Diagnostics.Process]::Start('sleep', '60')
        $found = Get-Process -Id $process.Id
        $process.Kill()
        $process.WaitForExit()
        { $found | Get-ExecEvent -Duration 0s } | Should -Throw -ErrorId 'EbpfProcessNotFound*' -ExpectedMessage "*$($process.Id)*"
    }

    It 'counts all of a storm, and stays as large as it was' -Skip:(-not (Get-Command gcc -ErrorAction Ignore)) {
        $cause = Build-Cause $folder
        $seconds = [double]($env:EBEE_STORM_SECONDS ?? ($Slowness -gt 1 ? 60 : 10))
        # A session of its own, whose memory is nobody else's. It starts the storm when it has attached.
        $result = Invoke-Session @"
`$start = [Diagnostics.ProcessStartInfo]::new('$cause', [string[]]@('ready', 'storm', '2', '$($seconds.ToString([cultureinfo]::InvariantCulture))', '$folder'))
`$start.RedirectStandardInput = `$start.RedirectStandardOutput = `$true
`$storm = [Diagnostics.Process]::Start(`$start)
`$null = `$storm.StandardOutput.ReadLine()
`$count = 0; `$next = 0; `$sizes = @(); `$account = ''
Get-ExecEvent -ProcessId `$storm.Id -IncludeChildren -BufferSize 256KB -Duration $($seconds + 2 * $Slowness)s -Verbose 3>`$null 4>&1 | ForEach-Object {
    if (`$_ -is [System.Management.Automation.VerboseRecord]) {
        if (`$_ -like 'Attached:*') { `$storm.StandardInput.WriteLine(); `$storm.StandardInput.Flush() } else { `$account = "`$_" }
        return
    }
    if (++`$count % 20 -eq 0) { Start-Sleep -Milliseconds 20 }
    if ([Environment]::TickCount64 -ge `$next) {
        `$next = [Environment]::TickCount64 + $($seconds * 100)
        [GC]::Collect()
        `$sizes += [int]((Get-Content /proc/self/status | Select-String '^VmRSS:\s+(\d+)').Matches[0].Groups[1].Value)
    }
}
`$caused = (`$storm.StandardOutput.ReadToEnd() -split "``n" | Where-Object { `$_ } | ForEach-Object { [long](`$_ -split ' ')[0] } | Measure-Object -Sum).Sum
@{ Count = `$count; Caused = `$caused; Account = `$account; Sizes = `$sizes } | ConvertTo-Json -Compress
"@ | ConvertFrom-Json
        $result.Account -match 'Detached: (\d+) events seen, (\d+) lost, (\d+) discarded' | Should -BeTrue -Because $result.Account
        $seen, $lost, $discarded = $Matches[1..3].ForEach([long])
        Write-Host "    storm of $seconds s: $($result.Caused) executions; seen $seen, lost $lost, discarded $discarded; KiB resident $($result.Sizes -join ', ')"
        $seen | Should -Be $result.Count
        $seen + $lost + $discarded | Should -Be $result.Caused
        if ($Slowness -eq 1) { $lost | Should -BeGreaterThan 0 } # an emulated processor starts too few programs
        $result.Sizes.Count | Should -BeGreaterOrEqual 5
        # The first sizes are before all is compiled.
        $third = $result.Sizes[[int]($result.Sizes.Count / 3)]
        $result.Sizes[-1] - $third | Should -BeLessThan 16384
    }

    It 'ends with an error when the disk is full under <Name>' -ForEach @(
        @{ Name = 'Export-Csv'; To = '| Export-Csv "$Folder/full/e.csv"' }
        @{ Name = '>'; To = '> "$Folder/full/e.txt"' }
    ) {
        $null = New-Item -ItemType Directory -Force "$folder/full"
        $said = Invoke-Session -Before "mount -t tmpfs -o size=16k none '$folder/full'" @"
`$Folder = '$folder'
`$many = [powershell]::Create().AddScript("1..400 | ForEach-Object { & '$($program.Path)' }")
`$null = `$many.BeginInvoke()
try { Get-ExecEvent -Name $($program.Name) -Duration $(20 * $Slowness)s $To; 'no error' } catch { "error: `$_" }
"links: `$(@(Get-ChildItem /proc/self/fd | Where-Object { `$_.LinkTarget -like '*bpf*' }).Count)"
"@
        $said | Should -Match 'error: .*(No space left on device|not enough space|disk)'
        $said | Should -Match 'links: 0'
    }
}

Describe 'A session in another language' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Faults.ps1
        $folder = New-TestFolder
        $program = New-Program $folder "Iiprogram$PID"
        $script = @"
`$took = (Measure-Command { Get-ExecEvent -Name nobody -Duration 1.5s }).TotalSeconds
`$event = Get-ExecEvent -Name $($program.Name) -MaxEvents 1 -Duration $(20 * $Slowness)s -Verbose 4>&1 | ForEach-Object {
    if (`$_ -is [System.Management.Automation.VerboseRecord]) { if (`$_ -like 'Attached:*') { & '$($program.Path)' } } else { `$_ }
}
`$json = `$event | ConvertTo-Json -Depth 2
`$csv = `$event | ConvertTo-Csv | ConvertFrom-Csv
function Get-Error([scriptblock] `$Script) { try { & `$Script; '' } catch { `$_.FullyQualifiedErrorId } }
@{
    Culture = (Get-Culture).Name
    Took = `$took -ge 1.5 -and `$took -lt $(1.5 + 3.5 * $Slowness)
    Json = (`$json | ConvertFrom-Json).Time.ToUniversalTime() -eq `$event.Time.ToUniversalTime()
    Numbers = (`$json | ConvertFrom-Json).CgroupId -eq `$event.CgroupId -and `$csv.ProcessId -eq "`$(`$event.ProcessId)" -and `$csv.CgroupId -eq "`$(`$event.CgroupId)"
    Csv = [DateTimeOffset]::Parse(`$csv.Time).UtcTicks -eq `$event.Time.ToUniversalTime().Ticks
    Row = (`$event | Out-String -Width 200) -match '\d\d:\d\d:\d\d\.\d{6}'
    Sizes = @(Get-Error { Get-ExecEvent -Name nobody -BufferSize 64KB -Duration 0 }; Get-Error { Get-ExecEvent -Name nobody -BufferSize '1MB' -Duration 10ms })
    BadDuration = Get-Error { Get-ExecEvent -Name nobody -Duration '1,5s' }
    Unknown = Get-Error { Get-ExecEvent -UserName 'NO-SUCH-USER-I' -Duration 0 }
    Features = @(Get-EbpfFeature -Category MAPTYPE -Name RINGBUF).Name, @(Get-EbpfFeature -Category maptype -Name 'RI*BUF').Name
    Tool = @(Get-EbpfFeature -Category System -Name 'LIBBPF').Count
} | ConvertTo-Json -Compress
"@
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'keeps dates, numbers and names: <_>' -ForEach 'C', 'de_DE.UTF-8', 'tr_TR.UTF-8' {
        $result = Invoke-Session $script -Environment "LANG=$_", "LC_ALL=$_" | ConvertFrom-Json
        $result.Culture | Should -Be @{ C = ''; 'de_DE.UTF-8' = 'de-DE'; 'tr_TR.UTF-8' = 'tr-TR' }[$_]
        foreach ($name in 'Took', 'Json', 'Numbers', 'Csv', 'Row') { $result.$name | Should -BeTrue -Because $name }
        $result.Sizes | Should -Be @('', '')
        $result.BadDuration | Should -BeLike 'ParameterArgumentTransformationError*' -Because 'a comma is no decimal point in any language'
        $result.Unknown | Should -BeLike 'EbpfUserNotFound*'
        $result.Features | Should -Be @('ringbuf', 'ringbuf')
        $result.Tool | Should -Be 1
    }
}
