# Get-ExecEvent as users type it: what it writes, what its parameters do, what it says when it cannot.
Describe 'Get-ExecEvent' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $folder = New-TestFolder
        $program = New-Program $folder
        $other = New-Program $folder
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    Context 'What it writes' {
        It 'is one typed object for each execution' {
            $events = @(Watch-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 2" { & $program.Path 'one two' ''; & $program.Path })
            $events.Count | Should -Be 2
            $events | Should -BeOfType ([Ebee.Tracers.ExecEvent])
            $events[0].Argument | Should -Be '/bin/sh', $program.Path, 'one two', ''
            $events[0].CommandLine | Should -Be "/bin/sh $($program.Path) 'one two' ''"
            $events[0].FileName | Should -Be $program.Path
            $events[0].ParentProcessId | Should -Be $PID
            $events[0].ParentName | Should -Be (Get-Content /proc/$PID/comm)
            $events[0].UserName | Should -Be 'root'
            $events[0].WorkingDirectory | Should -Be (Get-Location).Path
            $events[1].Argument | Should -Be '/bin/sh', $program.Path
        }

        It 'has the properties that the documents name, of types that travel' {
            $e = Watch-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 1" { & $program.Path }
            $types = [ordered]@{}
            $e.GetType().GetProperties() | ForEach-Object {
                $types[$_.Name] = ([Nullable]::GetUnderlyingType($_.PropertyType) ?? $_.PropertyType).Name
            }
            $expected = [ordered]@{
                Time = 'DateTimeOffset'; ProcessId = 'Int32'; ThreadId = 'Int32'; ParentProcessId = 'Int32'; HostProcessId = 'Int32'
                Name = 'String'; ParentName = 'String'; UserId = 'UInt32'; UserName = 'String'; RealUserId = 'UInt32'; GroupId = 'UInt32'
                LoginUserId = 'UInt32'; SessionId = 'UInt32'; FileName = 'String'; Executable = 'String'; IsDeleted = 'Boolean'; Argument = 'String[]'
                CommandLine = 'String'; WorkingDirectory = 'String'; Terminal = 'String'; CgroupId = 'UInt64'; CgroupPath = 'String'
                ContainerId = 'String'; ContainerEvidence = 'ContainerEvidence'; SystemdUnit = 'String'; MountNamespace = 'UInt32'; PidNamespace = 'UInt32'
                ReturnCode = 'Int32'; Error = 'String'; Truncated = 'Boolean'
            }
            ($types | ConvertTo-Json) | Should -Be ($expected | ConvertTo-Json)
            @($e.PSObject.Members | Where-Object MemberType -in NoteProperty, ScriptProperty) | Should -BeNullOrEmpty
        }

        It 'goes through ConvertTo-Json -Depth 2 and back' {
            $e = Watch-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 1" { & $program.Path "a`e[0mb`n" "`u{202e}ü🦊" }
            $json = $e | ConvertTo-Json -Depth 2 -WarningVariable warnings -WarningAction SilentlyContinue
            $warnings | Should -BeNullOrEmpty
            $json | Should -Not -Match 'System\.'
            $json | Should -Not -Match "`e"
            $back = $json | ConvertFrom-Json
            $back.PSObject.Properties.Name | Should -Be $e.PSObject.Properties.Name
            $back.Argument | Should -Be '/bin/sh', $program.Path, "a`e[0mb`n", "`u{202e}ü🦊"
            $back.ProcessId | Should -Be $e.ProcessId
            $back.Error | Should -BeNullOrEmpty
            $back.Time | Should -Be $e.Time
        }

        It 'goes through Export-Csv' {
            $e = Watch-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 1" { & $program.Path 'a, "b"' }
            $e | Export-Csv "$folder/events.csv"
            $row = Import-Csv "$folder/events.csv"
            $row.CommandLine | Should -Be $e.CommandLine
            $row.ProcessId | Should -Be "$($e.ProcessId)"
            $row.UserName | Should -Be 'root'
            ([DateTimeOffset]$row.Time).UtcTicks | Should -Be $e.Time.ToUniversalTime().Ticks
            $row.Argument | Should -Be $e.CommandLine
        }

        It 'can be kept: an object does not change when the next comes' {
            $events = @(Watch-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 20" { 1..20 | ForEach-Object { & $program.Path $_ } })
            $events.ForEach({ $_.Argument[2] }) | Should -Be (1..20)
            ($events.ProcessId | Sort-Object -Unique).Count | Should -Be 20
        }

        It 'is what OutputType says' {
            (Get-Command Get-ExecEvent).OutputType.Type | Should -Be ([Ebee.Tracers.ExecEvent])
        }
    }

    Context 'The end of the stream' {
        It 'comes after -MaxEvents' {
            $events = @(Watch-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 3" { 1..5 | ForEach-Object { & $program.Path } })
            $events.Count | Should -Be 3
        }

        It 'comes after -Duration <Form>, which is <Seconds> s' -ForEach @(
            @{ Form = '300ms'; Seconds = 0.3 }
            @{ Form = '00:00:00.3'; Seconds = 0.3 }
            @{ Form = '1'; Seconds = 1 } # a bare number is seconds, not ticks
            @{ Form = '0'; Seconds = 0 }
        ) {
            $watch = [Diagnostics.Stopwatch]::StartNew()
            Invoke-Expression "Get-ExecEvent -Name no-such-name -Duration $Form" | Should -BeNullOrEmpty
            $watch.Elapsed.TotalSeconds | Should -BeGreaterOrEqual $Seconds
            $watch.Elapsed.TotalSeconds | Should -BeLessThan ($Seconds + 3 * $Slowness)
        }

        It 'is the same for every way to write -Duration: <Form> is <Seconds> s' -ForEach @(
            @{ Form = '10s'; Seconds = 10 }
            @{ Form = '5m'; Seconds = 300 }
            @{ Form = '1.5h'; Seconds = 5400 }
            @{ Form = '500ms'; Seconds = 0.5 }
            @{ Form = '00:05:00'; Seconds = 300 }
            @{ Form = "'2d'"; Seconds = 172800 }
            @{ Form = '0.4s'; Seconds = 0.4 } # which PowerShell itself reads as the 16-bit number 0
            @{ Form = '2d'; Seconds = 172800 } # which it reads as the decimal number 2
            @{ Form = '7'; Seconds = 7 }
            @{ Form = '0.5'; Seconds = 0.5 }
            @{ Form = "'7'"; Seconds = 7 }
            @{ Form = '([int]7)'; Seconds = 7 }
            @{ Form = '([double]0.5)'; Seconds = 0.5 }
            @{ Form = '([long]7)'; Seconds = 7 }
            @{ Form = '([timespan]::FromMinutes(5))'; Seconds = 300 }
            @{ Form = '(New-TimeSpan -Minutes 5)'; Seconds = 300 }
        ) {
            function Read-Duration([Ebee.PowerShell.Commands.DurationTransformation()] [timespan] $Duration) { $Duration }
            (Invoke-Expression "Read-Duration $Form").TotalSeconds | Should -Be $Seconds
            (Get-Command Get-ExecEvent).Parameters.Duration.Attributes | Where-Object { $_ -is [Ebee.PowerShell.Commands.DurationTransformationAttribute] } |
                Should -Not -BeNullOrEmpty
        }

        It 'hands out what was caught when -Duration is over' {
            $events = @(Watch-Stream "Get-ExecEvent -Name $($program.Name) -Duration 1s | ForEach-Object { Start-Sleep -Milliseconds 100; `$_ }" {
                    1..10 | ForEach-Object { & $program.Path $_ }
                })
            # Taken at ten a second, some of them after the second.
            $events.ForEach({ $_.Argument[2] }) | Should -Be (1..10)
        }

        It 'is refused for -Duration <_>' -ForEach '"soon"', '-5', '"-00:00:05"', '""', '$null' {
            $duration = $_
            { Invoke-Expression "Get-ExecEvent -Duration $duration" } | Should -Throw -ExceptionType ([Management.Automation.ParameterBindingException])
        }

        It 'is refused for -MaxEvents <_>' -ForEach 0, -1 {
            $count = $_
            { Get-ExecEvent -MaxEvents $count } | Should -Throw -ExceptionType ([Management.Automation.ParameterBindingException])
        }

        It 'is refused for -BufferSize <_>' -ForEach 0, 4095, 2GB {
            $size = $_
            { Get-ExecEvent -BufferSize $size } | Should -Throw -ExceptionType ([Management.Automation.ParameterBindingException])
        }
    }

    Context 'The filters' {
        BeforeAll {
            # The third arguments of what is traced while the two programs run, each once and as nobody.
            function Watch-Programs([string] $Filter, [scriptblock] $Also = { }) {
                $events = Watch-Stream "Get-ExecEvent $Filter -Duration 500ms" {
                    & $program.Path one
                    & $other.Path two
                    setpriv --reuid 65534 --regid 65534 --clear-groups $program.Path three
                    & $Also
                }
                @($events | Where-Object { $_.Name -in $program.Name, $other.Name }).ForEach({ $_.Argument[2] })
            }
        }

        It '-Name, by position and of several' {
            Watch-Programs $program.Name | Should -Be one, three
            Watch-Programs "-Name $($program.Name), $($other.Name)" | Should -Be one, two, three
            Watch-Programs "-Name $($program.Name.Substring(0, 4))*" | Should -BeNullOrEmpty
        }

        It '-UserName, by name and by id' {
            Watch-Programs '-UserName nobody' | Should -Be three
            Watch-Programs '-UserName 0' | Should -Be one, two
            Watch-Programs '-UserName root, nobody' | Should -Be one, two, three
        }

        It '-ProcessId with -IncludeChildren' {
            Watch-Programs "-ProcessId $PID -IncludeChildren" | Should -Be one, two, three
            Watch-Programs "-ProcessId $PID" | Should -BeNullOrEmpty
        }

        It '-ExcludeProcessId, with descendants' {
            Watch-Programs "-ExcludeProcessId $PID" | Should -BeNullOrEmpty
        }

        It 'together narrow each other' {
            Watch-Programs "-Name $($program.Name) -UserName nobody -ProcessId $PID -IncludeChildren" | Should -Be three
        }

        It 'processes from the pipeline, all in one stream' {
            $first = Start-Process sh -ArgumentList "-c ""sleep $(0.8 * $Slowness); $($program.Path) one""" -PassThru
            $second = Start-Process sh -ArgumentList "-c ""sleep $(0.8 * $Slowness); $($program.Path) two""" -PassThru
            $events = Watch-Stream "Get-Process -Id $($first.Id), $($second.Id) | Get-ExecEvent -IncludeChildren -Name $($program.Name) -MaxEvents 2 -Duration 10s" { }
            $events.ForEach({ $_.Argument[2] }) | Sort-Object | Should -Be one, two
        }

        It '-CgroupPath and -ContainerId' {
            $id = 'cc' + [guid]::NewGuid().ToString('n') + [guid]::NewGuid().ToString('n').Substring(2)
            $mount = (Get-Content /proc/self/mounts | Where-Object { $_.Split(' ')[2] -eq 'cgroup2' } | Select-Object -First 1)
            if (-not $mount) { Set-ItResult -Skipped -Because 'needs cgroup v2 mounted' }
            $own = (Get-Content /proc/self/cgroup | Where-Object { $_ -like '0::*' }).Substring(3).TrimEnd('/')
            $cgroup = "$($mount.Split(' ')[1])$own/$id"
            try { [void][IO.Directory]::CreateDirectory($cgroup) }
            catch { Set-ItResult -Skipped -Because "needs a cgroup hierarchy that can be written to ($_)" }
            try {
                foreach ($filter in "-CgroupPath $own/$id", "-CgroupPath $cgroup", "-ContainerId $id", "-ContainerId $($id.Substring(0, 12))") {
                    $events = @(Watch-Stream "Get-ExecEvent $filter -Name $($program.Name) -Duration 300ms" {
                            sh -c "echo `$`$ >'$cgroup/cgroup.procs'; exec '$($program.Path)' inside"
                            & $program.Path outside
                        })
                    $events.ForEach({ $_.Argument[2] }) | Should -Be inside
                    $events[0].ContainerId | Should -Be $id
                    $events[0].CgroupPath | Should -Be "$own/$id"
                }
            }
            finally {
                Wait-Until { -not (Test-Path $cgroup) -or $(rmdir $cgroup 2>$null; -not (Test-Path $cgroup)) } 'the cgroup was removed'
            }
        }

        It '-IncludeFailed adds the failed ones' {
            $missing = "$folder/missing"
            Watch-Programs '' { sh -c "exec '$missing'" 2>$null } | Should -Be one, two, three
            $events = @(Watch-Stream "Get-ExecEvent -IncludeFailed -ProcessId $PID -IncludeChildren -Duration 500ms" { sh -c "exec '$missing' argument" 2>$null })
            $failed = @($events | Where-Object FileName -eq $missing)
            $failed.Count | Should -Be 1
            $failed[0].Error | Should -Be 'ENOENT'
            $failed[0].ReturnCode | Should -Be (-2)
            $failed[0].Argument | Should -Be $missing, 'argument'
            $failed[0].Executable | Should -BeNullOrEmpty
        }
    }

    Context 'Loss' {
        It 'is warned of, with what to do, and the account is exact' {
            if ($Slowness -gt 1) { Set-ItResult -Skipped -Because 'an emulated processor starts too few programs to lose one' }
            $stream = Start-Stream "Get-ExecEvent -ProcessId $PID -IncludeChildren -Name $($program.Name) -BufferSize 4KB -Duration 2s | ForEach-Object { Start-Sleep -Milliseconds 20; `$_ }"
            $started = [Diagnostics.Stopwatch]::StartNew()
            sh -c "i=0; while [ `$i -lt 500 ]; do '$($program.Path)'; i=`$((i+1)); done"
            if ($started.Elapsed.TotalSeconds -gt 1.8) { throw 'This machine starts fewer than 500 programs in two seconds.' }
            $events = @(Receive-Stream $stream)
            $account = "$($stream.Shell.Streams.Verbose[-1])"
            $account | Should -Match '^Detached: (\d+) events seen, (\d+) lost, (\d+) discarded\.$'
            $null = $account -match '(\d+) events seen, (\d+) lost, (\d+) discarded'
            [int]$Matches[1] | Should -Be $events.Count
            [int]$Matches[2] | Should -BeGreaterThan 100
            [int]$Matches[1] + [int]$Matches[2] + [int]$Matches[3] | Should -Be 500
            $warning = "$($stream.Shell.Streams.Warning[-1])"
            $warning | Should -Match "^$($Matches[2]) events were lost"
            $warning | Should -Match '-BufferSize'
            $warning | Should -Match '-Name'
        }

        It 'is not warned of when there is none' {
            $stream = Start-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 1"
            & $program.Path
            $null = Receive-Stream $stream
            $stream.Shell.Streams.Warning.Count | Should -Be 0
            "$($stream.Shell.Streams.Verbose[0])" | Should -Match '^Attached: tp_btf'
        }
    }

    Context 'Errors' {
        It 'has the id <Id> for <Arguments>' -ForEach @(
            @{ Arguments = '-UserName no-such-user'; Id = 'EbpfUserNotFound'; Category = 'ObjectNotFound'; Named = 'no-such-user' }
            @{ Arguments = '-UserName root, no-such-user'; Id = 'EbpfUserNotFound'; Category = 'ObjectNotFound'; Named = 'no-such-user' }
            @{ Arguments = '-ProcessId 2147483647'; Id = 'EbpfProcessNotFound'; Category = 'ObjectNotFound'; Named = '2147483647' }
            @{ Arguments = '-ProcessId 0'; Id = 'EbpfProcessNotFound'; Category = 'ObjectNotFound'; Named = '0' }
            @{ Arguments = '-ExcludeProcessId 2147483647'; Id = 'EbpfProcessNotFound'; Category = 'ObjectNotFound'; Named = '2147483647' }
            @{ Arguments = '-CgroupPath /no/such'; Id = 'EbpfCgroupNotFound'; Category = 'ObjectNotFound'; Named = '/no/such' }
            @{ Arguments = '-ContainerId ffffffffffff'; Id = 'EbpfContainerNotFound'; Category = 'ObjectNotFound'; Named = 'ffffffffffff' }
        ) {
            $record = $null
            try { Invoke-Expression "Get-ExecEvent $Arguments" } catch { $record = $_ }
            $record | Should -Not -BeNullOrEmpty
            $record.FullyQualifiedErrorId | Should -Be "$Id,Ebee.PowerShell.Commands.GetExecEventCommand"
            $record.CategoryInfo.Category | Should -Be $Category
            "$record" | Should -Match ([regex]::Escape($Named))
            $record.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            $record.Exception | Should -BeOfType ([Ebee.EbpfException])
        }
    }

    Context 'What the machine lacks' {
        BeforeAll {
            # A copy that every user can reach, without the libraries that may be with it.
            $copy = "$folder/Ebee"
            Copy-Item -Recurse "$Repository/out/Ebee" $copy
            Remove-Item -Recurse "$copy/runtimes" -ErrorAction Ignore
            chmod -R a+rX $copy
            $script = "$folder/try.ps1"
            Set-Content $script @'
                param([string] $Module)
                try { Import-Module $Module -ErrorAction Stop } catch { "import failed: $_"; exit }
                foreach ($cmdlet in 'Get-ExecEvent', 'Get-FileDeleteEvent') {
                    try { & $cmdlet -Duration 0; 'no error' }
                    catch { '{0}|{1}|{2}|{3}' -f $_.FullyQualifiedErrorId.Split(',')[0], $_.CategoryInfo.Category, $_, $_.ErrorDetails.RecommendedAction }
                }
'@
            $pwsh = (Get-Process -Id $PID).Path
            function Invoke-In([string[]] $Command) {
                $env:HOME, $home_ = $folder, $env:HOME
                try { @(& $Command[0] ($Command | Select-Object -Skip 1) $pwsh -NoProfile -NonInteractive -File $script "$copy/Ebee.psd1" 2>&1).ForEach({ "$_" }) }
                finally { $env:HOME = $home_ }
            }
        }

        It 'is a capability: the error names it and what to type' {
            $nobody = 'setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'
            & $nobody[0] ($nobody | Select-Object -Skip 1) test -x $pwsh -a -r (Split-Path $pwsh)
            if ($LASTEXITCODE) { Set-ItResult -Skipped -Because "needs a PowerShell that every user can read ($pwsh)" }
            $lines = Invoke-In $nobody
            $lines.Count | Should -Be 2
            foreach ($line in $lines) {
                $line | Should -Match '^EbpfPermissionDenied\|PermissionDenied\|.*CAP_BPF and CAP_PERFMON.*\|.*sudo pwsh'
            }
        }

        It 'is a capability, for root' {
            $lines = Invoke-In 'setpriv', '--bounding-set', '-sys_admin,-bpf,-perfmon'
            $lines.Count | Should -Be 2
            $lines | Should -Match '^EbpfPermissionDenied\|PermissionDenied\|.*CAP_BPF'
        }

        It 'is BTF' {
            $lines = Invoke-In 'unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', 'sh'
            $lines.Count | Should -Be 2
            $lines | Should -Match '^EbpfNoBtf\|NotInstalled\|.*/sys/kernel/btf/vmlinux'
        }

        It 'is libbpf: every path tried is named' {
            $hide = 'touch $0.empty; for l in $(ldconfig -p | sed -n "s/.*libbpf\.so\.1 .*=> //p" | xargs -r readlink -f | sort -u); do mount --bind $0.empty $l; done; exec "$@"'
            $lines = Invoke-In 'unshare', '--mount', 'sh', '-c', $hide, "$folder/hidden"
            $lines.Count | Should -Be 2
            $lines | Should -Match "^EbpfLibBpfNotFound\|NotInstalled\|.*$copy/runtimes/linux-\w+/native/libbpf\.so\.1.*libbpf\.so\.1.*\|.*apt-get install"
        }
    }

    Context 'The module' {
        It 'streams again after it was imported again' {
            $stream = Start-Stream "`$null = Get-ExecEvent -Duration 0; Remove-Module Ebee; Import-Module '$ModulePath'; Import-Module '$ModulePath' -Force
                Get-ExecEvent -Name $($program.Name) -MaxEvents 1" -Streams 2
            & $program.Path again
            $events = @(Receive-Stream $stream)
            $events[0].Argument[2] | Should -Be 'again'
        }

        It 'can be imported by the manifest in the root of the repository' {
            $result = pwsh -NoProfile -NonInteractive -c "Import-Module '$Repository/Ebee.psd1'; `$null = Get-ExecEvent -Duration 0; (Get-Module Ebee).ExportedCmdlets.Keys -join ' '"
            $result | Should -Match 'Get-ExecEvent'
        }
    }
}
