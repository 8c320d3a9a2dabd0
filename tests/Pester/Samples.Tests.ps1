# Each sample is run, and what it says is compared with what was caused, or with what others say: bpftool, /proc, ip.
BeforeDiscovery {
    $samples = Get-ChildItem "$PSScriptRoot/../../samples/*.bpf.c" | ForEach-Object { @{ Name = $_.Name -replace '\.bpf\.c$'; Source = $_.FullName } }
    $compilers = 'clang', 'clang-14', 'clang-16' | Where-Object { Get-Command $_ -CommandType Application -ErrorAction Ignore }
}

Describe 'The sample' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Namespaces.ps1
        $folder = New-TestFolder
        $missing = $LiveOnly
        foreach ($tool in 'clang', 'gcc', 'bpftool') {
            if (-not $missing -and -not (Get-Command $tool -ErrorAction Ignore)) { $missing = "needs $tool" }
        }

        # Compiles a sample as its page says, and gives the object's path. A warning is an error.
        function Build-Sample([string] $Name, [string] $Compiler = 'clang') {
            $object = "$folder/$Compiler/$Name.bpf.o"
            if (Test-Path $object) { return $object }
            $null = New-Item -ItemType Directory -Force (Split-Path $object)
            $machine = (uname -m)
            $said = & $Compiler -g -O2 -Wall -Wextra -Wno-unused-parameter -Werror -target bpf -mcpu=v3 "-D__TARGET_ARCH_$($machine -eq 'aarch64' ? 'arm64' : 'x86')" `
                -idirafter "/usr/include/$machine-linux-gnu" -c "$Repository/samples/$Name.bpf.c" -o $object 2>&1
            if ($LASTEXITCODE) { throw ($said | Out-String) }
            $object
        }

        # Starts a sample, runs a script with the probe, and stops it.
        function Use-Sample([string] $Name, [hashtable] $With = @{}, [scriptblock] $Script) {
            $probe = Start-EbpfProbe (Build-Sample $Name) @With
            try { & $Script $probe }
            finally { $probe | Stop-EbpfProbe }
        }

        # A process of causes/cause.c: Id, the address of its function burn, and Ask, which has it do a line and gives its answer.
        function Start-Cause {
            if (-not (Test-Path "$folder/cause")) {
                $said = gcc -Wall -O2 -fno-omit-frame-pointer -o "$folder/cause" "$PSScriptRoot/causes/cause.c" 2>&1
                if ($LASTEXITCODE) { throw ($said | Out-String) }
            }
            $process = [Diagnostics.Process]::Start([Diagnostics.ProcessStartInfo] @{
                    FileName = "$folder/cause"; RedirectStandardInput = $true; RedirectStandardOutput = $true })
            $cause = [pscustomobject]@{ Process = $process; Id = $process.Id; Burn = [Convert]::ToUInt64(($process.StandardOutput.ReadLine() -split ' ')[1], 16) }
            $cause | Add-Member -MemberType ScriptMethod Ask {
                param($Line)
                $this.Process.StandardInput.WriteLine($Line)
                $this.Process.StandardInput.Flush()
                $this.Process.StandardOutput.ReadLine()
            }
            $cause
        }

        function Stop-Cause($Cause) {
            $Cause.Process.StandardInput.Close()
            $Cause.Process.WaitForExit()
            $Cause.Process.Dispose()
        }

        # Has a shell execute a program so often, with an argument each. The ids of the processes, in order, and the shell's.
        function Invoke-Program([string] $Path, [int] $Count) {
            $ids = sh -c 'echo $$; for i in $(seq $2); do "$1" $i "two words" & echo $!; wait; done' sh $Path $Count
            [pscustomobject]@{ Shell = [int] $ids[0]; Ids = [int[]] $ids[1..$Count] }
        }

        function Skip-WithoutSocketTracepoints {
            if (-not (Get-EbpfTracepoint sock:sock_send_length -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'needs Linux 6.3' }
        }

        # What bpftool reads from a map: key and value as BTF types them.
        function Read-Map($Map) {
            bpftool -j map dump id $Map.Id | ConvertFrom-Json | ForEach-Object formatted
        }
    }
    BeforeEach {
        if ($missing) { Set-ItResult -Skipped -Because $missing }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It '<Name> compiles without a warning, by <_.Compilers>' -ForEach $samples.ForEach({ $_ + @{ Compilers = $compilers } }) {
        foreach ($compiler in $Compilers) { Build-Sample $Name $compiler | Should -Exist }
    }

    Context 'Its page' {
        BeforeAll {
            if (-not $missing) {
                # All pages, one after the other, as a reader would type them.
                $results = Invoke-InNamespaces -Folder $folder -Network -Setup $EbpfMounts -Script ("$InvokePage" + {
                    Set-Location $Repository
                    $all = @{}
                    foreach ($page in Get-ChildItem samples/*.md -Exclude README.md) {
                        $all[$page.BaseName] = Invoke-Page $page.FullName
                        Get-EbpfProbe | Stop-EbpfProbe
                    }
                    $all
                })
            }
        }

        It 'of <Name> is in the list, and what it has to type works' -ForEach $samples {
            if ($Name -eq 'bytes') { Skip-WithoutSocketTracepoints }
            Get-Content -Raw "$Repository/samples/README.md" | Should -Match "\($Name\.md\)"
            $blocks = @($results[$Name])
            $blocks.Count | Should -BeGreaterThan 0
            foreach ($block in $blocks) { $block.Problem | Should -BeNullOrEmpty -Because $block.Code }
            "$($blocks.Code)" | Should -Match "Start-EbpfProbe -SourcePath \./samples/$Name\.bpf\.c"
            "$($blocks.Text)".Trim() | Should -Not -BeNullOrEmpty
        }
    }

    It 'hello says hello once for each execution' {
        $program = New-Program $folder
        Use-Sample hello -Script {
            # The pipe has one reader: it is waited for.
            foreach ($attempt in 1..20) {
                $stream = Start-Stream 'Get-EbpfTrace -Verbose | Where-Object Message -eq "Hello World!"'
                if (-not $stream.Async.IsCompleted) { break }
                $stream.Shell.Dispose()
                Start-Sleep -Milliseconds 500
            }
            $stream.Output.EnumeratorNeverBlocks = $true
            try {
                $run = Invoke-Program $program.Path 20
                Wait-Until { @($stream.Output | Where-Object ThreadId -in $run.Ids).Count -ge 20 } 'all said hello'
                Start-Sleep -Milliseconds 100
            }
            finally {
                $stream.Shell.Stop()
                $stream.Shell.Dispose()
            }
            $hellos = @($stream.Output | Where-Object ThreadId -in $run.Ids)
            $hellos.ThreadId | Should -Be $run.Ids
            $hellos.Source | Sort-Object -Unique | Should -Be bpf_trace_printk
        }
    }

    It 'xdp-counter counts what passes, is pinned, and is found and stopped by a second session' {
        $null = Build-Sample xdp-counter
        $setup = "$VirtualCable`nmkdir -p '$folder/bpf'`nmount -t bpf none '$folder/bpf'"
        $started, $found = Invoke-InNamespaces -Folder $folder -Network -Setup $setup -Script {
            $probe = Start-EbpfProbe "$Folder/clang/xdp-counter.bpf.o" -Interface here -PinPath "$Folder/bpf/counter"
            @{ Hook = $probe.Hook; ProgramId = $probe.Programs.ProgramId; LinkId = $probe.Programs.LinkId }
        }, {
            $ping = ping -c 50 -i 0.01 -q 10.9.0.2 | Out-String
            $probe = Get-EbpfProbe -PinPath "$Folder/bpf/counter"
            $map = $probe.Maps.Values | Where-Object Type -eq array
            $result = @{
                Ping       = $ping
                ProgramId  = $probe.Programs.ProgramId
                Program    = Get-EbpfProgram -Id $probe.Programs.ProgramId
                OfLink     = (ip -j link show here | ConvertFrom-Json).xdp.prog.id
                Packets    = (bpftool -j map dump id $map.Id | ConvertFrom-Json).formatted.value.'.bss'.packets
                Statistics = (ip -j -s link show here | ConvertFrom-Json).stats64.rx.packets
                Pinned     = @(Get-ChildItem -Recurse -File "$Folder/bpf/counter" -Name | Sort-Object)
            }
            $probe | Stop-EbpfProbe
            $result.After = ip -j link show here | ConvertFrom-Json | ForEach-Object { $_.PSObject.Properties.Name }
            $result.Left = @(Get-ChildItem "$Folder/bpf" -Name)
            $null = bpftool -j prog show id $result.ProgramId
            $result.IsGone = $LASTEXITCODE -ne 0
            $result.StillPasses = ping -c 3 -i 0.01 -q 10.9.0.2 | Out-String
            $result
        }
        $started.Hook | Should -Be 'xdp here'
        $found.Ping | Should -Match '50 packets transmitted, 50 received, 0% packet loss'
        $found.Packets | Should -Be 50
        $found.Statistics | Should -Be 50
        $found.OfLink | Should -Be $started.ProgramId
        $found.ProgramId | Should -Be $started.ProgramId
        $found.Program.Name | Should -Be count_packets
        $found.Program.Type | Should -Be xdp
        $found.Pinned | Should -Be 'link/count_packets', 'map/xdp_coun_bss', 'program/count_packets'
        $found.Left | Should -Not -Contain counter
        $found.After | Should -Not -Contain xdp
        $found.IsGone | Should -BeTrue
        $found.StillPasses | Should -Match '3 received'
    }

    It 'counters counts each process, and takes another configuration while it runs' {
        $a = Start-Cause
        $b = Start-Cause
        try {
            Use-Sample counters -Script {
                param($probe)
                $counts = {
                    $all = @{}
                    foreach ($entry in Read-Map $probe.Maps.counters) { $all[[int] $entry.key] = $entry.value }
                    foreach ($id in $a.Id, $b.Id) { $all.ContainsKey($id) ? $all[$id] : 0 }
                }
                $configure = {
                    param([int] $Id)
                    bpftool map update id $probe.Maps.config.Id key 0 0 0 0 value ([BitConverter]::GetBytes($Id))
                    $LASTEXITCODE | Should -Be 0
                }
                $others = { (Read-Map $probe.Maps.counters | Where-Object key -notin $a.Id, $b.Id | Measure-Object value -Sum).Sum }
                & $configure $a.Id
                $before = & $others
                $a.Ask('open 1000') | Should -Be 1000
                $b.Ask('open 500') | Should -Be 500
                & $counts | Should -Be 1000, 0
                & $others | Should -Be $before
                & $configure $b.Id
                $null = $a.Ask('open 300'), $b.Ask('open 300')
                & $counts | Should -Be 1000, 300
                & $configure 0
                $null = $a.Ask('open 200'), $b.Ask('open 200')
                & $counts | Should -Be 1200, 500
            }
        }
        finally {
            Stop-Cause $a
            Stop-Cause $b
        }
    }

    It 'bytes adds up what a process sends and receives, by <Programs>' -ForEach @(
        @{ Programs = 'all ways'; With = @{}; Sent = 42100; Received = 42100 }
        # Of each three messages only the first is sent and received by these calls.
        @{ Programs = 'sendmsg and recvmsg'; With = @{ ProgramName = 'sys_*' }; Sent = 39900; Received = 39900 }
    ) {
        if (-not $With.Count) { Skip-WithoutSocketTracepoints }
        $cause = Start-Cause
        try {
            Use-Sample bytes -With $With -Script {
                param($probe)
                # 100, 101 … 299 bytes, 10 and 1.
                $cause.Ask('traffic 200') -split ' ' | Should -Be 42100, 42100
                $of = Read-Map $probe.Maps.traffic | Where-Object key -eq $cause.Id
                $of.value.sent, $of.value.received | Should -Be $Sent, $Received
            }
        }
        finally { Stop-Cause $cause }
    }

    It 'execve-ring gives each execution with its arguments' {
        $program = New-Program $folder
        Use-Sample execve-ring -Script {
            param($probe)
            (bpftool -j map show id $probe.Maps.events.Id | ConvertFrom-Json).max_entries | Should -Be (16MB)
            $run = Invoke-Program $program.Path 20
            $null = sh -c 'exec "$0" "$1"' $program.Path ('x' * 1000)
            $all = @($probe | Get-EbpfEvent -Duration 0)
            $seen = @($all | Where-Object pid -in $run.Ids)
            $seen.pid | Should -Be $run.Ids
            $seen.ppid | Sort-Object -Unique | Should -Be $run.Shell
            $seen.comm | Sort-Object -Unique | Should -Be sh
            $seen.argv | Should -BeExactly (1..20).ForEach({ "$($program.Path) $_ two words" })
            # What is longer than the struct's array is cut.
            $long = @($all | Where-Object argv -like "$($program.Path) xxx*")
            $long.argv | Should -BeExactly "$($program.Path) $('x' * (255 - 1 - $program.Path.Length))"
        }
    }

    It 'execve-perf gives each return of execve' {
        $program = New-Program $folder
        Use-Sample execve-perf -Script {
            param($probe)
            $run = Invoke-Program $program.Path 20
            $failed = sh -c 'echo $$; exec /no/such/program' 2>$null
            $all = @($probe | Get-EbpfEvent -Duration 0)
            $seen = @($all | Where-Object pid -in $run.Ids | Sort-Object { $run.Ids.IndexOf([int] $_.pid) })
            $seen.pid | Should -Be $run.Ids
            $seen.result | Sort-Object -Unique | Should -Be 0
            $seen.comm | Sort-Object -Unique | Should -Be $program.Name.Substring(0, [Math]::Min(15, $program.Name.Length))
            # The shell's own start, and what it tried: ENOENT.
            @($all | Where-Object pid -eq $failed).result | Sort-Object | Should -Be -2, 0
        }
    }

    It 'execve-perf and hello do the same by a kprobe' {
        $kprobe = Get-EbpfFeature kprobe -Category AttachKind
        if (-not $kprobe.IsSupported) { Set-ItResult -Skipped -Because "needs kprobes: $($kprobe.Detail)" }
        $program = New-Program $folder
        Use-Sample execve-perf -With @{ ProgramName = 'trace_return_kprobe' } -Script {
            param($probe)
            $run = Invoke-Program $program.Path 20
            $seen = @($probe | Get-EbpfEvent -Duration 0 | Where-Object pid -in $run.Ids)
            $seen.pid | Sort-Object | Should -Be ($run.Ids | Sort-Object)
        }
        Use-Sample hello -With @{ ProgramName = 'hello_kprobe' } -Script {
            param($probe)
            $probe.Hook | Should -Be 'ksyscall execve'
        }
    }

    It 'uprobe gives arguments and results of a function' {
        $said = gcc -Wall -O2 -o "$folder/uprobe-target" "$Repository/samples/uprobe-target.c" 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$said"
        Use-Sample uprobe -With @{ BinaryPath = "$folder/uprobe-target"; Symbol = 'add' } -Script {
            param($probe)
            $sums = (1..100).ForEach({ "$_ $(-3 * $_)" }) | & "$folder/uprobe-target"
            $calls = @($probe | Get-EbpfEvent -Duration 0)
            $calls.first | Should -Be (1..100)
            $calls.second | Should -Be (1..100).ForEach({ -3 * $_ })
            $calls.result | Should -Be ([int[]] $sums)
            @($calls.pid | Sort-Object -Unique).Count | Should -Be 1
            ($calls.duration_ns | Measure-Object -Minimum).Minimum | Should -BeGreaterThan 0
            @(Read-Map $probe.Maps.running).Count | Should -Be 0
        }
    }

    It 'connect4 denies one port to the processes of a cgroup, and to no others' {
        $null = Build-Sample connect4
        $cause = Start-Cause
        Stop-Cause $cause
        $setup = "ip link set lo up; mkdir -p '$folder/cgroup'; mount -t cgroup2 none '$folder/cgroup'"
        $result = Invoke-InNamespaces -Folder $folder -Network -Setup $setup -Script {
            $cgroup = "$Folder/cgroup/ebee-$PID"
            $null = New-Item -ItemType Directory $cgroup
            $listeners = foreach ($port in 7001, 7002) {
                $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, $port)
                $listener.Start()
                $listener
            }
            $try = {
                param([string] $Cgroup)
                # The shell moves itself there, and is the program then.
                $lines = @('connect 7001') * 3 + @('connect 7002') * 2
                $lines | sh -c 'if [ "$1" ]; then echo $$ >"$1/cgroup.procs"; fi; exec "$0"' "$Folder/cause" $Cgroup | Select-Object -Skip 1
            }
            $accepted = {
                foreach ($listener in $listeners) {
                    $count = 0
                    while ($listener.Pending()) { $listener.AcceptSocket().Dispose(); $count++ }
                    $count
                }
            }
            $probe = Start-EbpfProbe "$Folder/clang/connect4.bpf.o" -CgroupPath $cgroup -Global @{ denied_port = 7001 }
            $result = @{
                Inside         = [int[]] (& $try $cgroup)
                InsideAccepted = & $accepted
                Outside        = [int[]] (& $try '')
                OutsideAccepted = & $accepted
                Denied         = ($probe.Maps['.bss'] | Get-EbpfMapEntry).Value.denied
                DeniedWitness  = (bpftool -j map dump id $probe.Maps['.bss'].Id | ConvertFrom-Json).formatted.value.'.bss'.denied
            }
            $probe | Stop-EbpfProbe
            $result.After = [int[]] (& $try $cgroup)
            foreach ($attempt in 1..50) { rmdir $cgroup 2>$null; if (-not (Test-Path $cgroup)) { break }; Start-Sleep -Milliseconds 50 }
            $result
        }
        $result.Inside | Should -Be 1, 1, 1, 0, 0 # EPERM
        $result.InsideAccepted | Should -Be 0, 2
        $result.Outside | Should -Be 0, 0, 0, 0, 0
        $result.OutsideAccepted | Should -Be 3, 2
        $result.Denied | Should -Be 3
        $result.DeniedWitness | Should -Be 3
        $result.After | Should -Be 0, 0, 0, 0, 0
    }

    It 'task-list lists the processes that /proc has, whenever it is read' {
        function Read-Proc {
            $all = @{}
            foreach ($path in [IO.Directory]::GetDirectories('/proc') -match '/\d+$') {
                try { $status = [IO.File]::ReadAllText("$path/status") } catch { continue } # it has ended
                $field = { param($Name) [regex]::Match($status, "(?m)^${Name}:\s+(\S+)").Groups[1].Value }
                $id = [int] (& $field Pid)
                $all[$id] = "$(& $field PPid) $(& $field Uid) $(& $field Threads)"
            }
            $all
        }
        Use-Sample task-list -Script {
            param($probe)
            foreach ($time in 1..2) {
                $before = Read-Proc
                $listed = @{}
                $probe | Get-EbpfEvent | ForEach-Object { $listed[[int] $_.pid] = $_ }
                $after = Read-Proc
                # What was there, and the same, before and after; the kernel of a sandbox may hide the first process.
                # Of this process the reader itself is another thread.
                $stable = @($before.Keys | Where-Object { $_ -gt 1 -and $_ -ne $PID -and $after[$_] -eq $before[$_] })
                $stable.Count | Should -BeGreaterThan 10
                foreach ($id in $stable) {
                    $listed.ContainsKey($id) | Should -BeTrue -Because "/proc has $id"
                    "$($listed[$id].ppid) $($listed[$id].uid) $($listed[$id].threads)" | Should -Be $before[$id]
                }
                $listed[$PID].comm | Should -Be ([IO.File]::ReadAllText("/proc/$PID/comm").Trim())
            }
        }
    }

    It 'profile samples what runs, <Rate> times a second' -ForEach @(
        @{ Rate = 99; Tolerance = 0.3; OnlyIt = $false }
        @{ Rate = 499; Tolerance = 0.15; OnlyIt = $true }
    ) {
        if ($Rate -gt 100 -and $Slowness -gt 1) { Set-ItResult -Skipped -Because 'an emulated processor is not interrupted so often' }
        $cause = Start-Cause
        try {
            Use-Sample profile -With ($OnlyIt ? @{ ProcessId = $cause.Id; Frequency = $Rate } : @{}) -Script {
                param($probe)
                $burned = [long] $cause.Ask('burn 1000')
                $entries = @($probe.Maps.samples | Get-EbpfMapEntry | Where-Object { $_.Key.pid -eq $cause.Id })
                $samples = ($entries | Measure-Object Value -Sum).Sum
                $expected = $Rate * $burned / 1000
                [Math]::Abs($samples - $expected) / $expected | Should -BeLessThan $Tolerance -Because "$samples of $expected samples"
                if ($OnlyIt) { @($probe.Maps.samples | Get-EbpfMapEntry).Count | Should -Be $entries.Count }
                $entries[0].Key.comm | Should -Be cause
                # Nearly all of them in the function that burns, or what it calls.
                $inBurn = 0
                foreach ($entry in $entries | Where-Object { $_.Key.user_stack -ge 0 }) {
                    $key = [BitConverter]::GetBytes($entry.Key.user_stack).ForEach({ "$_" })
                    $frames = (bpftool -j map lookup id $probe.Maps.stacks.Id key $key | ConvertFrom-Json).value
                    $bytes = [byte[]] $frames.ForEach({ [Convert]::ToByte($_, 16) })
                    $addresses = for ($i = 0; $i -lt $bytes.Count; $i += 8) { [BitConverter]::ToUInt64($bytes, $i) }
                    if ($addresses.Where({ $_ -ge $cause.Burn -and $_ -lt $cause.Burn + 200 })) { $inBurn += $entry.Value }
                }
                $inBurn | Should -BeGreaterThan (0.9 * $samples)
            }
        }
        finally { Stop-Cause $cause }
    }
}
