Describe 'Get-EbpfTracepoint' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Tracefs.ps1
        $folder = New-TestFolder
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'lists what tracefs has, field for field' {
        $result = Invoke-WithTracefs -Folder $folder {
            $all = @(Get-EbpfTracepoint)
            # What has a file to enable it is a tracepoint; the category ftrace has none.
            $there = @(sh -c 'cd /sys/kernel/tracing/events; for f in */*/format; do [ "${f%%/*}" = ftrace ] || echo "$f"; done')
            @{ Listed = $all.Count; There = $there.Count }
            $known = @{}
            foreach ($t in $all) { $known["$($t.Category)/$($t.Name)/format"] = $t }
            foreach ($path in $there) {
                $t = $known[$path]
                if (-not $t) { "$path is missing"; continue }
                # The file written back out of the object is the file.
                $fields = foreach ($f in $t.Fields) {
                    $dimension = $f.CType -match '^__(data|rel)_loc ' ? '' : [regex]::Match($f.CType, '(\[[^\]]*\])*$').Value
                    $type = $f.CType.Substring(0, $f.CType.Length - $dimension.Length)
                    "$type $($f.Name)$dimension; offset:$($f.Offset); size:$($f.SizeBytes); signed:$([int]$f.IsSigned);" -replace '\* ', '*'
                }
                $text = [IO.File]::ReadAllText("$tracefs/events/$path")
                $expected = [regex]::Matches($text, '(?m)^\tfield:(.*)$').ForEach({ $_.Groups[1].Value -replace "\t", ' ' -replace '\* ', '*' })
                if ("$fields" -cne "$expected") { "$path has $expected, not $fields" }
                if ($text -notmatch "(?m)^ID: $($t.Id)$") { "$path has another id than $($t.Id)" }
                if ($text -notmatch '(?s)\nprint fmt:\s*(.*?)\s*$' -or $Matches[1] -cne $t.Format) { "$path prints otherwise" }
            }
        }
        $counts, $problems = $result
        $problems | Select-Object -First 3 | Should -BeNullOrEmpty
        $counts.There | Should -BeGreaterThan 100
        $counts.Listed | Should -Be $counts.There
    }

    It 'lists what bpftrace lists' {
        if (-not (Get-Command bpftrace -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'needs bpftrace' }
        $ours, $theirs = Invoke-WithTracefs -Folder $folder {
            , @(Get-EbpfTracepoint sched:*, syscalls:* | ForEach-Object { "tracepoint:$_" } | Sort-Object)
            , @(bpftrace -l 'tracepoint:sched:*'; bpftrace -l 'tracepoint:syscalls:*') | ForEach-Object { , ($_ | Sort-Object) }
        }
        $theirs.Count | Should -BeGreaterThan 50
        $ours | Should -Be $theirs
    }

    It 'takes patterns of the whole name or the name alone, names the nearest, completes' {
        $result = Invoke-WithTracefs -Folder $folder {
            @{
                Both     = @(Get-EbpfTracepoint SCHED:sched_process_e* | ForEach-Object ToString)
                Alone    = @(Get-EbpfTracepoint sched_process_exec | ForEach-Object ToString)
                Piped    = @('sched:sched_process_exec', 'sched_process_exec', '*process_exit' | Get-EbpfTracepoint | ForEach-Object ToString)
                NoMatch  = @(Get-EbpfTracepoint no_such_*).Count
                Missing  = $(try { Get-EbpfTracepoint sched:sched_proces_exec } catch { @($_.FullyQualifiedErrorId, "$($_.CategoryInfo.Category)", $_.ErrorDetails.RecommendedAction) })
                Complete = @((TabExpansion2 'Get-EbpfTracepoint sched:sched_process_ex').CompletionMatches.CompletionText)
                Name     = @((TabExpansion2 'Get-EbpfTracepoint sched_process_exe').CompletionMatches.CompletionText)
                Table    = Get-EbpfTracepoint sched:sched_process_exec | Out-String -Width 120
                List     = Get-EbpfTracepoint sched:sched_process_exec | Format-List | Out-String -Width 120
                Field    = (Get-EbpfTracepoint sched:sched_process_exec).Fields | Out-String -Width 120
            }
        }
        $result.Both | Should -Be 'sched:sched_process_exec', 'sched:sched_process_exit'
        $result.Alone | Should -Be 'sched:sched_process_exec'
        $result.Piped | Should -Be 'sched:sched_process_exec', 'sched:sched_process_exit'
        $result.NoMatch | Should -Be 0
        $result.Missing[0] | Should -BeLike 'EbpfTracepointNotFound,*'
        $result.Missing[1] | Should -Be ObjectNotFound
        $result.Missing[2] | Should -Match 'sched:sched_process_exec'
        $result.Complete | Should -Be 'sched:sched_process_exec', 'sched:sched_process_exit'
        $result.Name | Should -Be 'sched:sched_process_exec'
        $result.Table | Should -Match 'sched +sched_process_exec +\d+ .*filename, pid, old_pid'
        $result.List | Should -Match 'pid_t pid; pid_t old_pid'
        $result.Field | Should -Match '(?m)^filename +8 +4 \w+ +__data_loc char\[\]'
    }

    It 'finds tracefs wherever it is mounted' {
        $mount = "mkdir -p '$folder/a b' && mount -t tracefs nodev '$folder/a b'"
        Invoke-WithTracefs -Folder $folder -Mount $mount { (Get-EbpfTracepoint sched:sched_switch).Name } | Should -Be sched_switch
    }

    It 'works where tracefs is not mounted, and mounts nothing that anybody sees' {
        $result = Invoke-WithTracefs -Folder $folder -Mount 'umount -a -t tracefs; umount -l -a -t debugfs; :' {
            $before = [IO.File]::ReadAllText('/proc/self/mountinfo')
            $open = { @(Get-ChildItem /proc/self/fd).Count }
            @{
                Names     = @(Get-EbpfTracepoint sched:* | ForEach-Object ToString)
                Complete  = @((TabExpansion2 'Get-EbpfTracepoint sched:sched_process_ex').CompletionMatches.CompletionText)
                Trace     = @(Invoke-Alone { Get-EbpfTrace -Duration 0 -Verbose 4>&1 } | Where-Object { $_ -is [Management.Automation.VerboseRecord] })[0].Message
                OneMount  = (& $open) - $(foreach ($i in 1..50) { $null = Get-EbpfTracepoint sched_switch }; & $open)
                Ended     = $(
                    $marker = "/proc/$PID/fd/$((Get-ChildItem /proc/self/fd | Where-Object Target -eq / | Select-Object -First 1).Name)/trace_marker"
                    $watch = [Diagnostics.Stopwatch]::new()
                    $null = Invoke-Alone {
                        sh -c 'echo ebee >"$1"' sh $marker
                        Get-EbpfTrace | ForEach-Object { $watch.Restart(); $_ } | Select-Object -First 1
                    }
                    $watch.ElapsedMilliseconds
                )
                Unchanged = [IO.File]::ReadAllText('/proc/self/mountinfo') -ceq $before
                Own       = $PID
            }
            mount -t tracefs nodev /sys/kernel/tracing
            , @(sh -c 'cd /sys/kernel/tracing/events; ls -d sched/*/' | ForEach-Object { $_.TrimEnd('/').Replace('/', ':') })
        }
        $ours, $there = $result
        $there.Count | Should -BeGreaterThan 10
        $ours.Names | Should -Be $there
        $ours.Complete | Should -Be 'sched:sched_process_exec', 'sched:sched_process_exit'
        $ours.Trace | Should -Match "^Attached: /proc/$($ours.Own)/fd/\d+/trace_pipe"
        $ours.OneMount | Should -BeGreaterOrEqual -3 # the runtime's own
        $ours.Ended | Should -BeLessOrEqual (200 * $Slowness)
        $ours.Unchanged | Should -BeTrue
    }

    It 'says what to type where tracefs is not mounted and may not be' {
        $script = "$folder/unprivileged.ps1"
        Set-Content $script @"
            Import-Module '$ModulePath'
            foreach (`$command in { Get-EbpfTracepoint }, { Get-EbpfTrace }) {
                try { & `$command } catch { `$_.FullyQualifiedErrorId, "`$(`$_.CategoryInfo.Category)", `$_.ErrorDetails.RecommendedAction -join '|' }
            }
            @((TabExpansion2 'Get-EbpfTracepoint sched:').CompletionMatches | Where-Object CompletionText -like 'sched*').Count
"@
        $result = unshare --mount sh -c 'umount -a -t tracefs; umount -l -a -t debugfs; exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$@"' sh (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File $script
        $result[0..1] | Should -BeLike 'EbpfTracefsNotMounted,*|NotInstalled|*sudo pwsh*mount -t tracefs nodev /sys/kernel/tracing'
        $result[2] | Should -Be 0
    }

    It 'runs the examples of the help' {
        $examples = (Get-Help Get-EbpfTracepoint -Full).examples.example.code
        $examples.Count | Should -BeGreaterOrEqual 3
        Invoke-WithTracefs -Folder $folder ($examples.ForEach({ "if (-not @(& { $_ }).Count) { throw 'nothing' }" }) -join "`n; 'ran'; ") | Should -Contain ran
    }
}
