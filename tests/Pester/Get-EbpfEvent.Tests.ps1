# Get-EbpfEvent as users type it. That every byte of a million events is right is tested by the library's own tests.
Describe 'Get-EbpfEvent' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $noClang = -not (Get-Command clang -ErrorAction Ignore)
        $folder = New-TestFolder
        if (-not $LiveOnly -and -not $noClang) {
            foreach ($name in 'events', 'iterators') {
                $said = clang -g -O2 -target bpf -mcpu=v3 -idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$Repository/tests/Ebee.Tests/causes/$name.bpf.c" -o "$folder/$name.bpf.o" 2>&1
                if ($LASTEXITCODE) { throw $said }
            }
        }

        # Has a program of the probe send so many events, of these sequence numbers.
        function Send-Event($Probe, [string] $Program, [long] $First, [long] $Count) {
            $null = $Probe.Programs | Where-Object Name -eq $Program |
                Invoke-EbpfProgram -Context ([byte[]]([BitConverter]::GetBytes($First) + [BitConverter]::GetBytes($Count)))
        }
        # Milliseconds until the stream has ended, from before what ends it.
        function Measure-End($Stream, [scriptblock] $What) {
            $Stream.Async.IsCompleted | Should -BeFalse
            $watch = [Diagnostics.Stopwatch]::StartNew()
            & $What
            $Stream.Async.AsyncWaitHandle.WaitOne(10000 * $Slowness) | Should -BeTrue -Because 'it ends'
            $watch.Elapsed.TotalMilliseconds
        }
        # A stream in a runspace of its own: probes are the process's, whatever runspace started them.
        function Start-EventStream([string] $Script) {
            Start-Stream ($Script -replace '\$probe', "(Get-EbpfProbe -Id $($probe.Id))")
        }
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
        if ($noClang) { Set-ItResult -Skipped -Because 'needs clang' }
        $before = Get-Inventory
        $probe = Start-EbpfProbe "$folder/events.bpf.o"
    }
    AfterEach {
        if ($LiveOnly -or $noClang) { return }
        $probe | Stop-EbpfProbe
        Get-LeftBehind $before | Should -BeNullOrEmpty
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'gives objects whose properties are the struct''s fields' {
        Send-Event $probe to_declared 0 20
        $events = $probe | Get-EbpfEvent -MapName declared -MaxEvents 20
        $events.Count | Should -Be 20
        ($events[3] | Get-Member -MemberType Property).Name | Should -Be 'at', 'cpu', 'high', 'kind', 'low', 'number', 'sequence', 'text'
        $events[3] | Get-Member -MemberType NoteProperty | Should -BeNullOrEmpty
        $events.sequence | Should -Be (0..19)
        $events[3].text | Should -BeExactly 'e3'
        $events[3].at.x | Should -Be 3
        @($events | Where-Object kind -eq KIND_OTHER).sequence | Should -Be 2, 6, 10, 14, 18
        ($events | Group-Object kind -NoElement | Sort-Object Name).ForEach('Count') | Should -Be 10, 5, 5
        ($events[19] | ConvertTo-Json | ConvertFrom-Json).at.y | Should -Be 2
        $probe.EventsRead | Should -Be 20
    }

    It 'takes a probe by pipeline, by name and by id' {
        Send-Event $probe to_sized 0 6
        ($probe | Get-EbpfEvent -MapName sized -MaxEvents 1).sequence | Should -Be 0
        (Get-EbpfEvent -Probe $probe -MapName s* -MaxEvents 1).sequence | Should -Be 1
        (Get-EbpfEvent event? -MapName sized -MaxEvents 1).sequence | Should -Be 2
        (Get-EbpfEvent -Id $probe.Id -MapName sized -MaxEvents 1).sequence | Should -Be 3
        ($probe.Maps['sized'] | Get-EbpfEvent -MaxEvents 1).sequence | Should -Be 4
        (Get-EbpfEvent -MapId $probe.Maps['sized'].Id -MaxEvents 1).sequence | Should -Be 5
    }

    It 'gives what is there with -Duration 0, and leaves the probe attached' {
        Send-Event $probe to_perf 0 5
        ($probe | Get-EbpfEvent -Duration 0).sequence | Should -Be (0..4)
        $probe | Get-EbpfEvent -Duration 0 | Should -BeNullOrEmpty
        $probe.IsRunning | Should -BeTrue
        Send-Event $probe to_perf 5 5
        ($probe | Get-EbpfEvent -Duration 0).sequence | Should -Be (5..9)
    }

    It 'leaves what is not taken to the next' {
        Send-Event $probe to_declared 0 10
        ($probe | Get-EbpfEvent -MapName declared | Select-Object -First 4).sequence | Should -Be (0..3)
        { $probe | Get-EbpfEvent -MapName declared | ForEach-Object { throw 'enough' } } | Should -Throw enough
        ($probe | Get-EbpfEvent -MapName declared -Duration 0).sequence | Should -Be (5..9)
    }

    It 'ends at once by <How>' -ForEach @(
        @{ How = 'Ctrl-C before any event'; Script = '$probe | Get-EbpfEvent -Verbose'; End = { $null = $running.Shell.BeginStop($null, $null) } }
        @{ How = 'Select-Object -First'; Script = '$probe | Get-EbpfEvent -Verbose | Select-Object -First 1'; End = { Send-Event $probe to_perf 0 1 } }
        @{ How = '-MaxEvents'; Script = '$probe | Get-EbpfEvent -Verbose -MaxEvents 1'; End = { Send-Event $probe to_perf 0 1 } }
        @{ How = 'a throw downstream'; Script = '$probe | Get-EbpfEvent -Verbose | ForEach-Object { throw 1 }'; End = { Send-Event $probe to_perf 0 1 } }
    ) {
        Measure-Best {
            $running = Start-EventStream $Script
            Measure-End $running $End
            $running.Shell.Dispose()
        } | Should -BeLessOrEqual (200 * $Slowness)
        $probe.IsRunning | Should -BeTrue
        $null = $probe | Get-EbpfEvent -Duration 0 # it can be read again
    }

    It 'ends with its probe, after the last event' {
        Measure-Best {
            $probe = Start-EbpfProbe "$folder/events.bpf.o"
            $running = Start-EventStream '$probe | Get-EbpfEvent -MapName declared -Verbose'
            Send-Event $probe to_declared 0 100
            Measure-End $running { $probe | Stop-EbpfProbe }
            (Receive-Stream $running).Count | Should -Be 100
        } | Should -BeLessOrEqual (200 * $Slowness)
    }

    It 'refuses a second reader, in another runspace too' {
        $running = Start-EventStream '$probe | Get-EbpfEvent -Verbose'
        { $probe | Get-EbpfEvent -Duration 0 } | Should -Throw -ErrorId 'EbpfEventsBusy,Ebee.PowerShell.Commands.GetEbpfEventCommand'
        $null = $running.Shell.BeginStop($null, $null)
        $running.Async.AsyncWaitHandle.WaitOne(10000 * $Slowness) | Should -BeTrue
        $running.Shell.Dispose()
        $probe | Get-EbpfEvent -Duration 0 | Should -BeNullOrEmpty
    }

    It 'gives bytes with -Raw' {
        Send-Event $probe to_sized 7 1
        $bytes = $probe | Get-EbpfEvent -MapName sized -Raw -MaxEvents 1
        , $bytes | Should -BeOfType ([byte[]])
        [Convert]::ToHexString($bytes) | Should -Be '070000000E00000000000000'
    }

    It 'takes a type by <What>' -ForEach @(
        @{ What = 'name'; Type = 'unrelated' }
        @{ What = 'name with struct'; Type = 'struct unrelated' }
        @{ What = 'declaration'; Type = 'struct { u32 a; union { __u32 b; char text[4]; }; int c; }' }
    ) {
        Send-Event $probe to_sized 7 1
        ($probe | Get-EbpfEvent -MapName sized -EventType $Type -MaxEvents 1).b | Should -Be 14
    }

    It 'says what is wrong with <Arguments>' -ForEach @(
        @{ Arguments = @{ MapName = 'sized'; EventType = 'nothing' }; Id = 'EbpfEventTypeUnknown'; Text = 'small_event' }
        @{ Arguments = @{ MapName = 'sized'; EventType = 'struct { nothing a; }' }; Id = 'EbpfInvalidArgument'; Text = 'declared' }
        @{ Arguments = @{ MapName = 'table' }; Id = 'EbpfMapNotFound'; Text = 'declared, sized, perf' }
    ) {
        $problem = { $probe | Get-EbpfEvent @Arguments -Duration 0 } | Should -Throw -ErrorId "$Id,Ebee.PowerShell.Commands.GetEbpfEventCommand" -PassThru
        $problem.ErrorDetails.RecommendedAction | Should -Match $Text
    }

    It 'says once that there is no probe <_>' -ForEach '-Name no-such-probe', '-Id 2147483647' {
        $errors = $null
        $null = Invoke-Expression "Get-EbpfEvent $_ -ErrorAction SilentlyContinue -ErrorVariable errors"
        @($errors | ForEach-Object FullyQualifiedErrorId) | Should -Be 'EbpfProbeNotFound,Ebee.PowerShell.Commands.GetEbpfEventCommand'
        $errors[0].Exception.Message | Should -BeLike "*$($_.Split(' ')[1])*"
    }

    It 'reads what another process owns with -Force alone' {
        $owner = [Diagnostics.ProcessStartInfo]::new((Get-Process -Id $PID).Path, [string[]]@('-NoProfile', '-NonInteractive', '-Command',
                "Import-Module '$ModulePath'; `$p = Start-EbpfProbe '$folder/events.bpf.o' -ProgramName to_declared
                `$null = `$p.Programs | Invoke-EbpfProgram -Context ([byte[]]([BitConverter]::GetBytes(0L) + [BitConverter]::GetBytes(9L)))
                `$p.Maps['declared'].Id; `$null = [Console]::ReadLine(); `$p.PendingBytes"))
        $owner.RedirectStandardOutput = $owner.RedirectStandardInput = $true
        $owner = [Diagnostics.Process]::Start($owner)
        try {
            $id = [uint]$owner.StandardOutput.ReadLine()
            { Get-EbpfEvent -MapId $id -Duration 0 } | Should -Throw -ErrorId 'EbpfEventsBusy,*'
            (Get-EbpfEvent -MapId $id -MaxEvents 4 -Force).sequence | Should -Be (0..3)
            (Get-EbpfMap -Id $id | Get-EbpfEvent -MaxEvents 1 -Force -EventType event).sequence | Should -Be 4
            $owner.StandardInput.WriteLine()
            [int]$owner.StandardOutput.ReadLine() | Should -Be (4 * 56)
        }
        finally {
            $owner.StandardInput.Close()
            $owner.WaitForExit()
        }
    }

    It 'shows a table whose columns are the fields, and nothing that a terminal obeys' {
        Send-Event $probe to_declared ([long]1 -shl 32) 2
        $events = $probe | Get-EbpfEvent -MapName declared -MaxEvents 2
        $events[0].text | Should -BeExactly "e`e" # a property is raw
        $PSStyle.OutputRendering = 'PlainText'
        foreach ($shown in ($events | Out-String -Width 120), ($events | Format-Table | Out-String -Width 120)) {
            $lines = $shown.Trim().Split("`n")
            $lines[0] | Should -Match '^sequence\s+number\s+kind\s+text\s+at\s+low\s+high'
            $lines[2] | Should -Match '^\s*4294967296\s+0\s+KIND_OPEN\s+e\\e\s+struct point'
            $shown | Should -Not -Match "`e"
        }
        ($events | Format-List | Out-String) | Should -Match '(?m)^text\s+: e\\e\r?$'
    }

    It 'warns of what perf event arrays lost' {
        $small = Start-EbpfProbe "$folder/events.bpf.o" -MapSize @{ perf = 4096 }
        Send-Event $small to_perf 0 1000
        $seen = @($small | Get-EbpfEvent -MapName perf -Duration 0 -WarningVariable warned -WarningAction SilentlyContinue).Count
        "$warned" | Should -Match "^$(1000 - $seen) events were lost: the buffers of perf \(4096 bytes for each CPU\) were full"
        { Start-EbpfProbe "$folder/events.bpf.o" -MapSize @{ perf = 5000 } -ErrorAction Stop } | Should -Throw -ErrorId 'EbpfInvalidArgument,*'
        $small | Stop-EbpfProbe
    }

    It 'runs an iterator once, for <What>' -ForEach @(
        @{ What = 'lines'; Program = 'as_text'; Id = { [int]($_ -split ' ')[1] } }
        @{ What = 'objects'; Program = 'as_records'; Id = { $_.tgid } }
    ) {
        $tasks = Start-EbpfProbe "$folder/iterators.bpf.o" -ProgramName $Program
        foreach ($round in 1..2) {
            $first = (Get-Process).Id
            $seen = $tasks | Get-EbpfEvent | ForEach-Object $Id | Sort-Object -Unique
            $stayed = Compare-Object $first (Get-Process).Id -IncludeEqual -ExcludeDifferent -PassThru
            $seen | Should -Contain $PID
            # Some kernels' iterators leave process 1 out.
            $stayed | Where-Object { $_ -ne 1 -and $_ -notin $seen } | Should -BeNullOrEmpty
        }
        $tasks | Stop-EbpfProbe
    }
}
