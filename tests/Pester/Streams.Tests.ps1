# The end: whatever ends a stream, it returns within 200 ms, and within 2 s the host's programs and links are as before.
# The beginning: the first event shows at once. Times are the best of three, for machines with more to do.
BeforeDiscovery {
    $cmdlets = @{ Cmdlet = 'Get-ExecEvent' }, @{ Cmdlet = 'Get-FileDeleteEvent' }
}

Describe 'The end of <Cmdlet>' -ForEach $cmdlets {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $limit = 200 * $Slowness
        $folder = New-TestFolder
        $program = New-Program $folder
        $cause = if ($Cmdlet -eq 'Get-ExecEvent') {
            $stream = "Get-ExecEvent -Name $($program.Name)"
            { & $program.Path }
        }
        else {
            $stream = "Get-FileDeleteEvent -ProcessId $PID"
            {
                [IO.File]::WriteAllText("$folder/gone", '')
                [IO.File]::Delete("$folder/gone")
            }
        }

        # Milliseconds until the stream has ended, from before what ends it.
        function Measure-End($Stream, [scriptblock] $What) {
            $Stream.Async.IsCompleted | Should -BeFalse
            $watch = [Diagnostics.Stopwatch]::StartNew()
            & $What
            # Not by a call that waits for the end for ever.
            $Stream.Async.AsyncWaitHandle.WaitOne(10000 * $Slowness) | Should -BeTrue -Because 'it ends'
            $watch.Elapsed.TotalMilliseconds
        }
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

    It 'by Ctrl-C comes at once, before any event' {
        Measure-Best {
            $running = Start-Stream $stream
            Measure-End $running { $null = $running.Shell.BeginStop($null, $null) }
            $running.Output.Count | Should -Be 0
            $running.Shell.Dispose()
        } | Should -BeLessOrEqual $limit
    }

    It 'by Ctrl-C comes at once, while events come' {
        Measure-Best {
            $running = Start-Stream "$stream | ForEach-Object { `$_ }"
            & $cause
            Wait-Until { $running.Output.Count -ge 1 } 'the first event'
            Measure-End $running { $null = $running.Shell.BeginStop($null, $null) }
            $running.Shell.Dispose()
        } | Should -BeLessOrEqual $limit
    }

    It 'by Select-Object -First comes with the event' {
        Measure-Best {
            $running = Start-Stream "$stream | Select-Object -First 1"
            Measure-End $running $cause
            @(Receive-Stream $running).Count | Should -Be 1
        } | Should -BeLessOrEqual $limit
    }

    It 'by -MaxEvents comes with the event' {
        Measure-Best {
            $running = Start-Stream "$stream -MaxEvents 1"
            Measure-End $running $cause
            @(Receive-Stream $running).Count | Should -Be 1
        } | Should -BeLessOrEqual $limit
    }

    It 'by -Duration comes in time' {
        $duration = 300
        Measure-Best {
            $running = Start-Stream "`$watch = `$null
                $stream -Duration ${duration}ms 4>&1 | ForEach-Object { `$watch ??= [Diagnostics.Stopwatch]::StartNew() }
                `$watch.Elapsed.TotalMilliseconds"
            $took = (Receive-Stream $running)[0] # from "Attached" on
            $took | Should -BeGreaterOrEqual ($duration * $Slowness - 20)
            $took - $duration * $Slowness
        } | Should -BeLessOrEqual $limit
    }

    It 'by a throw downstream comes at once, and the error is that one' {
        Measure-Best {
            $running = Start-Stream "$stream | ForEach-Object { throw 'enough' }"
            Measure-End $running $cause
            { Receive-Stream $running } | Should -Throw '*enough*'
        } | Should -BeLessOrEqual $limit
    }

    It 'by break comes at once' {
        Measure-Best {
            $running = Start-Stream "do { $stream | ForEach-Object { break } } while (`$false); 'after'"
            Measure-End $running $cause
            Receive-Stream $running | Should -Be 'after'
        } | Should -BeLessOrEqual $limit
    }

    It 'by the closing of its runspace comes at once' {
        Measure-Best {
            $running = Start-Stream $stream
            Measure-End $running { $running.Shell.Runspace.CloseAsync() }
            $running.Shell.Dispose()
        } | Should -BeLessOrEqual $limit
    }

    It 'by the end of its job comes at once' {
        Measure-Best {
            $job = Start-ThreadJob { param($Module, $Stream) Import-Module $Module; Invoke-Expression "$Stream -Verbose" } -ArgumentList $ModulePath, $stream
            Wait-Until { $job.Verbose.Count } 'it attached'
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $job.StopJobAsync()
            $job.Finished.WaitOne(10000 * $Slowness) | Should -BeTrue -Because 'it ends'
            $watch.Elapsed.TotalMilliseconds
            Remove-Job $job
        } | Should -BeLessOrEqual $limit
    }

    It 'by the death of PowerShell leaves nothing' {
        $child = [Diagnostics.ProcessStartInfo]::new((Get-Process -Id $PID).Path,
            [string[]]@('-NoProfile', '-NonInteractive', '-Command', "Import-Module '$ModulePath'; $stream -Verbose 4>&1"))
        $child.RedirectStandardOutput = $true
        $child = [Diagnostics.Process]::Start($child)
        Wait-Until { $child.StandardOutput.ReadLine() -like '*Attached:*' } 'it attached'
        $child.Kill()
        $child.WaitForExit()
        # AfterEach looks
    }

    It 'comes at once where nothing happened at all and twice over' {
        # Stop before the tracer has attached, and dispose of what was stopped.
        $state = [initialsessionstate]::CreateDefault()
        $state.ImportPSModule($ModulePath)
        foreach ($wait in 0, 5, 20, 40, 60, 80, 100) {
            $shell = [powershell]::Create($state)
            $null = $shell.AddScript($stream)
            $async = $shell.BeginInvoke()
            [Threading.Thread]::Sleep($wait)
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $null = $shell.BeginStop($null, $null)
            $async.AsyncWaitHandle.WaitOne(10000 * $Slowness) | Should -BeTrue -Because 'it ends'
            $watch.Elapsed.TotalSeconds | Should -BeLessThan (5 * $Slowness) # it may be loading
            $shell.Dispose()
        }
    }
}

Describe 'At a terminal' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Terminal.ps1
        $folder = New-TestFolder
        $program = New-Program $folder
        $noScript = if (-not (Get-Command script -ErrorAction Ignore)) { 'needs script, which gives a terminal (util-linux, bsdutils)' }
        $terminal = if (-not $LiveOnly -and -not $noScript) { Start-Terminal $folder }
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
        if ($noScript) { Set-ItResult -Skipped -Because $noScript }
        $before = Get-Inventory
    }
    AfterAll {
        if ($terminal) { Stop-Terminal $terminal }
        Remove-Item -Recurse -Force $folder
    }

    It 'the first event of <_> shows in the table at once, and Ctrl-C gives the prompt back' -ForEach 'Get-ExecEvent', 'Get-FileDeleteEvent' {
        $cmdlet = $_
        $filter = $cmdlet -eq 'Get-ExecEvent' ? "-Name $($program.Name)" : "-ProcessId $PID"
        Send-Terminal $terminal "$cmdlet $filter -Verbose`r"
        Wait-Terminal $terminal 'Attached:' 30
        [Threading.Thread]::Sleep(200 * $Slowness) # it is idle now
        $watch = [Diagnostics.Stopwatch]::StartNew()
        # ONE event.
        if ($cmdlet -eq 'Get-ExecEvent') { & $program.Path }
        else {
            [IO.File]::WriteAllText("$folder/gone", '')
            [IO.File]::Delete("$folder/gone")
        }
        Wait-Terminal $terminal "\d\d:\d\d:\d\d\.\d{6}.*$(Split-Path $folder)" 1 # the rest of the path may be cut
        $watch.Elapsed.TotalSeconds | Should -BeLessThan (1 * $Slowness)
        $terminal.Text.ToString() | Should -Not -Match 'READY>' # the stream goes on
        Get-LeftBehind $before | Should -BeNullOrEmpty # of this process; that one's are its own

        $watch.Restart()
        Send-Terminal $terminal "`u{3}"
        Wait-Terminal $terminal 'READY>' 5
        $watch.ElapsedMilliseconds | Should -BeLessOrEqual (1000 * $Slowness) # the terminal and the prompt are in it
    }

    It 'after Ctrl-C nothing is left' {
        $all = Get-Inventory
        @($all | Where-Object { -not $before.Contains($_) -and $_ -like 'link *' }) | Should -BeNullOrEmpty
    }
}
