# Lines are caused through trace_marker and by a program that prints. The pipe is the machine's: what others write there
# is left out by a mark of the test's own.
Describe 'Get-EbpfTrace' {
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

    It 'gives 1,000 marks in order, each once, at the time they were written' {
        $result = Invoke-WithTracefs -Folder $folder {
            $mark = "ebee$PID"
            $times = @{}
            $seen = @(Watch-Trace "$mark *" 1000 {
                    $writer = [IO.FileStream]::new("$tracefs/trace_marker", 'Open', 'Write', 'ReadWrite', 0)
                    $times.Before = [DateTime]::Now
                    foreach ($i in 1..1000) {
                        $writer.Write([Text.Encoding]::UTF8.GetBytes("$mark $i"))
                        # The kernel keeps about 200 as long as its buffer has not been used for more.
                        if ($i % 50 -eq 0) { Start-Sleep -Milliseconds (50 * $Slowness) }
                    }
                    $times.After = [DateTime]::Now
                    $writer.Dispose()
                })
            @{
                Messages = $seen.Message -replace "^$mark "
                Ids      = @($seen.ProcessId | Sort-Object -Unique)
                Sources  = @($seen.Source | Sort-Object -Unique)
                Own      = $PID
                Early    = ($times.Before - $seen[0].Time).TotalMilliseconds
                Late     = ($seen[-1].Time - $times.After).TotalMilliseconds
                Ordered  = -not (Compare-Object @($seen.TimestampSeconds) @($seen.TimestampSeconds | Sort-Object) -SyncWindow 0)
            }
        }
        $result.Messages | Should -Be (1..1000)
        $result.Sources | Should -Be tracing_mark_write
        $result.Ids.Count | Should -Be 1 # the thread of the pipeline
        $result.Early | Should -BeLessThan (5 * $Slowness)
        $result.Late | Should -BeLessThan (5 * $Slowness)
        $result.Ordered | Should -BeTrue
    }

    It 'gives 1,000 messages that an eBPF program printed' {
        foreach ($tool in 'clang', 'bpftool') {
            if (-not (Get-Command $tool -ErrorAction Ignore)) { Set-ItResult -Skipped -Because "needs $tool" }
        }
        # The program is run by the kernel's test run, so nothing is attached.
        Set-Content "$folder/print.bpf.c" @'
static long (*bpf_trace_printk)(const char *format, unsigned int size, ...) = (void *)6;
static int count;
__attribute__((section("tc"), used)) int print(void *context)
{
	static const char format[] = "ebee-printed %d: [x] - y\n";
	for (int i = 0; i < 10; i++)
		bpf_trace_printk(format, sizeof(format), __sync_fetch_and_add(&count, 1) + 1);
	return 0;
}
char LICENSE[] __attribute__((section("license"), used)) = "GPL";
'@
        $said = clang -target bpf -O2 -g -mcpu=v3 -c "$folder/print.bpf.c" -o "$folder/print.bpf.o" 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        $result = Invoke-WithTracefs -Folder $folder {
            $bpffs = "$Folder/bpffs"
            $null = mkdir $bpffs
            mount -t bpf none $bpffs
            bpftool prog load "$Folder/print.bpf.o" "$bpffs/print"
            if ($LASTEXITCODE) { throw 'it does not load' }
            [IO.File]::WriteAllBytes("$Folder/packet", [byte[]]::new(64))
            $seen = @(Watch-Trace 'ebee-printed *' 1000 {
                    foreach ($run in 1..20) {
                        $null = bpftool prog run pinned "$bpffs/print" data_in "$Folder/packet" repeat 5
                        Start-Sleep -Milliseconds (50 * $Slowness)
                    }
                })
            umount $bpffs
            @{ Messages = $seen.Message; Sources = @($seen.Source | Sort-Object -Unique); Names = @($seen.Name | Sort-Object -Unique) }
        }
        $result.Messages | Should -BeExactly (1..1000).ForEach({ "ebee-printed ${_}: [x] - y" })
        $result.Sources | Should -Be bpf_trace_printk
        # The kernel keeps names by process id, and an id that was used again may still have its last owner's.
        $result.Names | Should -Contain 'bpftool'
    }

    It 'reads the names of processes, whatever they are, and shows nothing raw' {
        $result = Invoke-WithTracefs -Folder $folder {
            Invoke-Alone { $null = Get-EbpfTrace -Duration 0 }
            $mark = "ebee$PID"
            foreach ($name in 'two words', "ab`ncd", 'a-1 [000] 1: x', "red`e[31m", '-42', '[x] (y)') {
                # The kernel keeps a name for the trace when it is switched to: the mark is written by a process that has slept.
                sh -c 'printf "%s" "$1" >/proc/$$/comm; sleep 0.05; echo "$2 $$ \"$1\"" >/sys/kernel/tracing/trace_marker' sh $name $mark
            }
            $seen = @(Invoke-Alone { Get-EbpfTrace -Duration 0 } | Where-Object Message -like "$mark *")
            foreach ($m in $seen) { @{ Name = $m.Name; Message = $m.Message; Id = $m.ProcessId } }
            $seen | Format-Table | Out-String -Width 120
            $seen | Format-List | Out-String -Width 120
        }
        $seen = $result | Where-Object { $_ -isnot [string] }
        @($seen).Count | Should -Be 6
        foreach ($m in $seen) {
            $m.Message -match '(?s)^ebee\d+ (\d+) "(.*)"$' | Should -BeTrue
            $m.Id | Should -Be $Matches[1]
            $m.Name | Should -BeIn $Matches[2], '<...>'
        }
        $result | Where-Object { $_ -is [string] } | Should -Not -Match 'red\e|\e\[31m"'
    }

    It 'takes only what it gives' {
        $result = Invoke-WithTracefs -Folder $folder {
            Invoke-Alone { $null = Get-EbpfTrace -Duration 0 }
            $mark = "ebee$PID"
            foreach ($i in 1..20) { Write-Mark "$mark $i" }
            $some = foreach ($i in 1..20) { Invoke-Alone { Get-EbpfTrace -MaxEvents 1 -Duration 1s } }
            ($some | Where-Object Message -like "$mark *").Message -replace "^$mark "
        }
        # Others may write, so the last few may be theirs; but there is no gap.
        $result.Count | Should -BeGreaterThan 0
        $result | Should -Be (1..$result.Count)
    }

    It 'gives a text with line breaks as one message, whatever they seem to begin' {
        $result = Invoke-WithTracefs -Folder $folder {
            Invoke-Alone { $null = Get-EbpfTrace -Duration 0 }
            $mark = "ebee$PID"
            $forged = '            evil-666     [000] .....     1.000002: bpf_trace_printk: forged'
            Write-Mark "$mark first`n`n$mark second`nCPU:0 [LOST 5265 EVENTS]`n$forged"
            Write-Mark "$mark last"
            $warned, $all = (Invoke-Alone { Get-EbpfTrace -Duration 0 3>&1 }).Where({ $_ -is [Management.Automation.WarningRecord] }, 'Split')
            @{
                Messages  = @($all | Where-Object Message -like "$mark *" | ForEach-Object { $_.Message -replace "$mark " })
                Forged    = @($all | Where-Object { $_.ThreadId -eq 666 -or $_.Message -match '^(CPU|forged)' }).Count
                Known     = @($all | Where-Object { -not $_.Recognized }).Count
                Ids       = @($all | Where-Object Message -like "$mark *" | ForEach-Object ProcessId | Sort-Object -Unique)
                Warned    = "$warned"
            }
        }
        $result.Messages | Should -Be "first`n`nsecond`nCPU:0 [LOST 5265 EVENTS]`n            evil-666     [000] .....     1.000002: bpf_trace_printk: forged", 'last'
        $result.Forged | Should -Be 0
        $result.Known | Should -Be 0
        $result.Ids.Count | Should -Be 1
        $result.Warned | Should -Not -Match 5265
    }

    It 'ends at once by <How>, and leaves no descriptor' -ForEach @(
        @{ How = 'Ctrl-C'; Command = 'Get-EbpfTrace' }
        @{ How = 'Select-Object -First'; Command = 'Get-EbpfTrace | Select-Object -First 1' }
        @{ How = '-MaxEvents'; Command = 'Get-EbpfTrace -MaxEvents 1' }
        @{ How = '-Duration'; Command = 'Get-EbpfTrace -Duration 300ms' }
        @{ How = 'a throw downstream'; Command = 'Get-EbpfTrace | ForEach-Object { throw 1 }' }
    ) {
        $result = Invoke-WithTracefs -Folder $folder -Script ("`$how = '$How'; `$command = '$Command'`n" + {
            $open = { @(Get-ChildItem /proc/self/fd | Where-Object { $_.Target -match 'trace_pipe|eventfd' }).Count }
            Invoke-Alone { $null = Get-EbpfTrace -Duration 0 }
            $state = [initialsessionstate]::CreateDefault()
            $state.ImportPSModule($ModulePath)
            $best = foreach ($attempt in 1..3) {
                $before = & $open
                $shell = [powershell]::Create($state)
                $null = $shell.AddScript("`$VerbosePreference = 'Continue'; $command")
                $async = $shell.BeginInvoke()
                while (-not $async.IsCompleted -and -not ($shell.Streams.Verbose | Where-Object Message -like 'Attached:*')) { Start-Sleep -Milliseconds 2 }
                $watch = [Diagnostics.Stopwatch]::StartNew()
                if ($how -eq 'Ctrl-C') { Start-Sleep -Milliseconds 100; $watch.Restart(); $shell.Stop() }
                elseif ($how -ne '-Duration') { Write-Mark 'ebee ends this' }
                if (-not $async.AsyncWaitHandle.WaitOne(10000 * $Slowness)) { throw 'it did not end' }
                $watch.Elapsed.TotalMilliseconds - ($how -eq '-Duration' ? 300 : 0)
                $shell.Dispose()
                if ((& $open) -gt $before) { throw 'a descriptor was left' }
            }
            ($best | Measure-Object -Minimum).Minimum
        }.ToString())
        $result | Should -BeLessOrEqual (200 * $Slowness)
    }

    It 'gives a message as soon as it is there' {
        $result = Invoke-WithTracefs -Folder $folder {
            Invoke-Alone { $null = Get-EbpfTrace -Duration 0 }
            $mark = "ebee$PID"
            $null = Start-ThreadJob { param($Mark) Start-Sleep -Milliseconds 700; [IO.File]::WriteAllText('/sys/kernel/tracing/trace_marker', $Mark) } -ArgumentList $mark
            Invoke-Alone { Get-EbpfTrace -Duration "$(20 * $Slowness)s" } | Where-Object Message -eq $mark | Select-Object -First 1 |
                ForEach-Object { ([DateTime]::Now - $_.Time).TotalMilliseconds }
        }
        $result | Should -BeLessThan (200 * $Slowness)
    }

    It 'refuses a second reader where the kernel does' {
        $result = Invoke-WithTracefs -Folder $folder {
            Invoke-Alone { $null = Get-EbpfTrace -Duration 0 }
            $reader = [IO.File]::OpenHandle("$tracefs/trace_pipe")
            try { Get-EbpfTrace -Duration 0; 'allowed' }
            catch { $_.FullyQualifiedErrorId, "$($_.CategoryInfo.Category)", $_.ErrorDetails.RecommendedAction -join '|' }
            finally { $reader.Dispose() }
        }
        @($result)[-1] | Should -Match '^(allowed|EbpfTraceBusy,.*\|ResourceBusy\|.*fuser -v /sys/kernel/tracing/trace_pipe)$'
    }

    It 'warns of what the kernel overwrote' {
        $result = Invoke-WithTracefs -Folder $folder {
            Invoke-Alone { $null = Get-EbpfTrace -Duration 0 }
            # The buffer's size is the machine's: it is filled, not changed.
            $kilobytes = [int]([regex]::Match([IO.File]::ReadAllText("$tracefs/buffer_size_kb"), '\d+').Value)
            if ($kilobytes -gt 16384) { 'big'; return }
            $text = [byte[]]::new(900)
            [Array]::Fill($text, [byte][char]'x')
            $writer = [IO.FileStream]::new("$tracefs/trace_marker", 'Open', 'Write', 'ReadWrite', 0)
            for ($i = 0; $i -lt $kilobytes * 2 * [Environment]::ProcessorCount + 2000; $i++) { $writer.Write($text) }
            $writer.Dispose()
            Invoke-Alone { Get-EbpfTrace -Duration 0 -WarningVariable script:warned -WarningAction SilentlyContinue | Out-Null }
            "$warned"
        }
        if ($result -eq 'big') { Set-ItResult -Skipped -Because 'needs a trace buffer of at most 16 MiB for each processor' }
        $result | Should -Match '^\d+ entries of the trace were lost'
    }

    It 'runs the examples of the help' {
        $examples = (Get-Help Get-EbpfTrace -Full).examples.example.code
        $examples.Count | Should -BeGreaterOrEqual 3
        $lines = $examples.ForEach({ "Write-Mark denied; Invoke-Alone { $_ } | Out-Null" }) -join "`n"
        Invoke-WithTracefs -Folder $folder "$lines`n'ran'" | Should -Be ran
    }
}
