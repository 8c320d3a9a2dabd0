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

        # What bpftool reads from a map: key and value as BTF types them.
        function Read-Map($Map) {
            (bpftool -j map dump id $Map.Id | ConvertFrom-Json).formatted
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

    It '<Name> has a page' -ForEach $samples {
        $page = "$Repository/samples/$Name.md"
        $page | Should -Exist
        Get-Content -Raw $page | Should -Match "Start-EbpfProbe .*$Name\.bpf\.c"
        Get-Content -Raw "$Repository/samples/README.md" | Should -Match "\($Name\.md\)"
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
        if (-not $With.Count -and -not (Get-EbpfTracepoint sock:sock_send_length -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'needs Linux 6.3' }
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
}
