# Start-EbpfProbe, Get-EbpfProbe and Stop-EbpfProbe as users type them. What each kind of hook does is tested by the library's
# own tests, and in Samples.Tests.ps1.
Describe 'A probe' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Namespaces.ps1
        $folder = New-TestFolder
        $missing = $LiveOnly
        foreach ($tool in 'clang', 'bpftool') {
            if (-not $missing -and -not (Get-Command $tool -ErrorAction Ignore)) { $missing = "needs $tool" }
        }
        if (-not $missing) {
            Set-Content "$folder/global.bpf.c" @'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
const volatile __u16 small = 1;
SEC("tp/syscalls/sys_enter_getsid") int look(void *ctx) { return small == 7; }
char LICENSE[] SEC("license") = "GPL";
'@
            Set-Content "$folder/two.bpf.c" @'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("tp/syscalls/sys_enter_getsid") int sent(void *ctx) { return 0; }
SEC("raw_tp/sched_process_exit") int received(void *ctx) { return 0; }
SEC("?tp/syscalls/sys_exit_sendmsg") int sys_sendmsg(void *ctx) { return 0; }
SEC("?tp/syscalls/sys_exit_recvmsg") int sys_recvmsg(void *ctx) { return 0; }
char LICENSE[] SEC("license") = "GPL";
'@
            $machine = uname -m
            foreach ($source in (Get-Item "$folder/global.bpf.c", "$Repository/samples/counters.bpf.c", "$Repository/samples/execve-ring.bpf.c", "$Repository/samples/execve-perf.bpf.c", "$folder/two.bpf.c",
                    "$Repository/samples/xdp-counter.bpf.c", "$Repository/samples/uprobe.bpf.c", "$Repository/samples/connect4.bpf.c", "$Repository/tests/Ebee.Tests/causes/slow.bpf.c")) {
                $said = clang -g -O2 -target bpf -mcpu=v3 "-D__TARGET_ARCH_$($machine -eq 'aarch64' ? 'arm64' : 'x86')" -idirafter "/usr/include/$machine-linux-gnu" `
                    -c $source -o "$folder/$($source.BaseName).o" 2>&1
                if ($LASTEXITCODE) { throw ($said | Out-String) }
            }
        }
        $counters = "$folder/counters.bpf.o"
        $two = "$folder/two.bpf.o" # sent, received; sys_sendmsg and sys_recvmsg are optional

        # How many programs, maps and links this process holds.
        function Get-Held { [GC]::Collect(); [GC]::WaitForPendingFinalizers(); [Ebee.Tests.Support.BpfInventory]::OwnDescriptors() }

        # What bpftool knows of an id; empty when there is none.
        function Get-Shown([string] $Kind, [int] $Id) {
            $text = bpftool -j $Kind show id $Id 2>$null
            if ($LASTEXITCODE -eq 0) { $text | ConvertFrom-Json }
        }
    }
    BeforeEach {
        if ($missing) { Set-ItResult -Skipped -Because $missing; return }
        Get-EbpfProbe | Stop-EbpfProbe
    }
    AfterAll {
        if (-not $missing) { Get-EbpfProbe | Stop-EbpfProbe }
        Remove-Item -Recurse -Force $folder
    }

    Context 'when it starts' {
        It 'is what bpftool shows: its programs, maps and links' {
            $probe = Start-EbpfProbe $counters
            $probe | Should -BeOfType ([Ebee.Programs.EbpfProbe])
            $probe.Name, $probe.Path | Should -Be counters, $counters
            $probe.IsRunning | Should -BeTrue
            $probe.Hook | Should -Be 'tracepoint syscalls:sys_enter_openat'
            $program = Get-Shown prog $probe.Programs[0].ProgramId
            $program.name, $program.type | Should -Be count_open, tracepoint
            $program.map_ids | Sort-Object | Should -Be ($probe.Maps.Values.Id | Sort-Object)
            (Get-Shown link $probe.Programs[0].LinkId[0]).prog_id | Should -Be $program.id
            (Get-Shown map $probe.Maps.counters.Id).max_entries | Should -Be 10240
        }

        It 'starts files from the pipeline, each on its own' {
            $probes = @(Get-Item $counters, $two | Start-EbpfProbe)
            $probes.Name | Should -Be counters, two
            @(Get-EbpfProbe).Id | Should -Be $probes.Id
            @(Start-EbpfProbe "$folder/c*ters.bpf.o").Name | Should -Be counters
            Copy-Item $counters "$folder/[x].bpf.o"
            (Start-EbpfProbe "$folder/[x].bpf.o").Name | Should -Be '[x]'
            Remove-Item -LiteralPath "$folder/[x].bpf.o"
        }

        It 'starts the programs that -ProgramName <Names> names' -ForEach @(
            @{ Names = '*e*'; Programs = 'sent', 'received', 'sys_sendmsg', 'sys_recvmsg' }
            @{ Names = 'sys_*'; Programs = 'sys_sendmsg', 'sys_recvmsg' }
            @{ Names = 'sen?', 'sys_recvmsg'; Programs = 'sent', 'sys_recvmsg' }
            @{ Names = $null; Programs = 'sent', 'received' }
        ) {
            $with = $Names ? @{ ProgramName = $Names } : @{}
            $probe = Start-EbpfProbe $two @with
            $probe.Programs.Name | Should -Be $Programs
            foreach ($program in $probe.Programs) { (Get-Shown prog $program.ProgramId).name | Should -Be $program.Name }
        }

        It 'sets sizes of maps' {
            $probe = Start-EbpfProbe $counters -MapSize @{ counters = 77 }
            (Get-Shown map $probe.Maps.counters.Id).max_entries | Should -Be 77
            $ring = Start-EbpfProbe "$folder/execve-ring.bpf.o" -MapSize @{ events = 64KB }
            (Get-Shown map $ring.Maps.events.Id).max_entries | Should -Be 64KB
        }

        It 'sets globals' {
            $probe = Start-EbpfProbe "$folder/global.bpf.o" -Global @{ small = 65535 }
            (bpftool -j map dump id $probe.Maps['.rodata'].Id | ConvertFrom-Json).formatted.value.'.rodata'.small | Should -Be 65535
        }

        It 'gives its programs and links, whatever has the number of the probe as its id' {
            $probe = Start-EbpfProbe $counters
            ($probe | Get-EbpfProgram).Id | Should -Be $probe.Programs.ProgramId
            ($probe | Get-EbpfLink).Id | Should -Be $probe.Programs.LinkId
            $probe | Stop-EbpfProbe
            { $probe | Get-EbpfProgram -ErrorAction Stop } | Should -Throw "*the id $($probe.Programs.ProgramId)*"
            $probe | Get-EbpfLink | Should -BeNullOrEmpty
        }

        It 'uses no map of a probe that was stopped' {
            $first = Start-EbpfProbe $counters
            $first | Stop-EbpfProbe
            Wait-Until { -not (Get-Shown map $first.Maps.config.Id) } 'the map to go' # its program, which the kernel frees later, holds it
            { Start-EbpfProbe $counters -ReuseMap @{ config = $first.Maps.config } -ErrorAction Stop } | Should -Throw '*config*not there any more*'
        }

        It 'shows a struct that has an empty one in it' {
            $probe = Start-EbpfProbe -Source @'
struct hollow { int first; struct {} nothing; int last; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct hollow); } events SEC(".maps");
SEC("tp/syscalls/sys_enter_execve") int look(void *ctx)
{
	struct hollow *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->first = 1;
	event->last = 2;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
'@
            /bin/true
            $shown = $probe | Get-EbpfEvent -MaxEvents 1 | Format-List | Out-String
            $shown | Should -Match 'first +: 1' -Because 'the views of all structs load'
            $shown | Should -Match 'last +: 2'
        }

        It 'tells a key from a value in errors, and a hashtable by what it has' {
            $probe = Start-EbpfProbe -Source @'
struct pair { int left, right; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, struct pair); __type(value, __u64); } pairs SEC(".maps");
SEC("tp/syscalls/sys_enter_getsid") int look(void *ctx) { return 0; }
'@
            $fields = [Collections.Generic.Dictionary[string, int]]::new()
            $fields.left = 4
            foreach ($key in @{ left = 4 }, $fields) {
                { Get-EbpfMapEntry $probe.Maps.pairs -Key $key -ErrorAction Stop } | Should -Throw '*no entry { left = 4 }*'
            }
            { Get-EbpfMapEntry $probe.Maps.pairs -Key 5 -ErrorAction Stop } | Should -Throw 'The key cannot be 5*'
            { Set-EbpfMapEntry $probe.Maps.pairs -Key $fields -Value x -ErrorAction Stop } | Should -Throw "The value cannot be 'x'*"
        }

        It 'refuses a value that holds itself' {
            $endless = @{}
            $endless.self = $endless
            { Start-EbpfProbe "$folder/global.bpf.o" -Global @{ small = $endless } -ErrorAction Stop } | Should -Throw '*nested deeper*'
        }

        It 'takes a binary and a cgroup by their path from the current location' {
            Push-Location /lib64
            try {
                Start-EbpfProbe -Source 'SEC("uprobe") int f(void *ctx) { return 0; }' -BinaryPath "./$((Get-ChildItem ld-linux*)[0].Name)" -Symbol _dl_no_such -ErrorVariable said -ErrorAction SilentlyContinue
                "$said" | Should -BeLike "*'_dl_no_such'*"
                Set-Location /sys/fs/cgroup
                $source = 'SEC("cgroup/connect4") int f(void *ctx) { return 1; }'
                Start-EbpfProbe -Source $source -CgroupPath ./no-such -ErrorVariable said -ErrorAction SilentlyContinue
                "$said" | Should -BeLike "*'/sys/fs/cgroup/no-such'*"
            } finally {
                Pop-Location
            }
        }

        It 'uses maps that exist' {
            $first = Start-EbpfProbe $counters
            $second = Start-EbpfProbe $counters -ReuseMap @{ config = $first.Maps.config }
            { Start-EbpfProbe $counters -ReuseMap @{ config = $first.Maps.counters } -ErrorAction Stop } |
                Should -Throw '*counters (*) cannot stand for config: it is of the type hash, *config is of the type array, *' -ErrorId 'EbpfInvalidArgument,*'
            $second.Maps.config.Id | Should -Be $first.Maps.config.Id
            $second.Maps.counters.Id | Should -Not -Be $first.Maps.counters.Id
            (Get-Shown prog $second.Programs[0].ProgramId).map_ids | Should -Contain $first.Maps.config.Id
            $first | Stop-EbpfProbe
            Set-EbpfMapEntry -Map $second.Maps.config -Key 0 -Value $PID
            (bpftool -j map dump id $second.Maps.config.Id | ConvertFrom-Json).formatted.value | Should -Be $PID
        }

        It 'uses a map of another name, which keeps both names' {
            $first = Start-EbpfProbe $counters
            $second = Start-EbpfProbe -Source @'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); } settings SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); } config SEC(".maps");
SEC("tp/syscalls/sys_enter_getsid") int look(void *ctx)
{
    __u32 key = 0, *from = bpf_map_lookup_elem(&settings, &key);
    return from && bpf_map_update_elem(&config, &key, from, 0);
}
char LICENSE[] SEC("license") = "GPL";
'@ -ReuseMap @{ settings = $first.Maps.config }
            $second.Maps.Keys | Sort-Object | Should -Be config, settings
            $second.Maps.settings.Id | Should -Be $first.Maps.config.Id
            $second.Maps.config.Id | Should -Not -Be $first.Maps.config.Id
            Stop-EbpfProbe $first, $second
        }

        It 'takes no index that an array has not, and says which it has' {
            $probe = Start-EbpfProbe $counters
            $errors = $null
            Set-EbpfMapEntry $probe.Maps.config -Key 7 -Value 1 -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'EbpfMapEntryNotFound,*'
            $errors[0].Exception.Message | Should -BeLike '*config*its keys are 0 to 0.'
            $probe | Stop-EbpfProbe
        }

        It 'pins maps, and all of it, where it is told to' {
            $result = Invoke-InNamespaces -Folder $folder -Setup $EbpfMounts -Script {
                $show = { param($Path) bpftool -j map show pinned $Path | ConvertFrom-Json }
                $one = Start-EbpfProbe "$Folder/counters.bpf.o" -MapPin @{ counters = '/sys/fs/bpf/mine' }
                $all = Start-EbpfProbe "$Folder/counters.bpf.o" -PinPath /sys/fs/bpf/all
                $result = @{
                    One = $one.Maps.counters.Id, (& $show /sys/fs/bpf/mine).id
                    All = @(Get-ChildItem -Recurse -File /sys/fs/bpf/all -Name | Sort-Object)
                    Link = $all.Programs.LinkId[0], (bpftool -j link show pinned /sys/fs/bpf/all/link/count_open | ConvertFrom-Json).id
                    Path = $all.PinPath
                }
                $again = $null
                try { Start-EbpfProbe "$Folder/counters.bpf.o" -PinPath /sys/fs/bpf/all -ErrorAction Stop } catch { $result.Again = "$($_.FullyQualifiedErrorId)"; $result.Advice = $_.ErrorDetails.RecommendedAction }
                Get-EbpfProbe | Stop-EbpfProbe
                $result.Left = @(Get-ChildItem /sys/fs/bpf -Name -Exclude *.debug)
                $result.StillThere = (& $show /sys/fs/bpf/mine).id
                $result
            }
            $result.One[0] | Should -Be $result.One[1]
            $result.All | Should -Be link/count_open, map/config, map/counters, program/count_open
            $result.Link[0] | Should -Be $result.Link[1]
            $result.Path | Should -Be /sys/fs/bpf/all
            $result.Again | Should -BeLike 'EbpfFileExists,*'
            $result.Advice | Should -BeLike '*Get-EbpfProbe -PinPath*'
            $result.Left | Should -Be mine
            $result.StillThere | Should -Be $result.One[0]
        }

        It 'loads nothing with -WhatIf' {
            $before = Get-Inventory
            Start-EbpfProbe $counters -WhatIf | Should -BeNullOrEmpty
            Get-EbpfProbe | Should -BeNullOrEmpty
            Get-LeftBehind $before | Should -BeNullOrEmpty
        }

        It 'ends at once by Ctrl-C, with nothing attached, while the verifier works: <_>' -ForEach 'Start-EbpfProbe', 'Start-EbpfProbe -VerifyOnly' {
            $before = Get-Inventory
            $command = "$_ '$folder/slow.bpf.o'"
            Measure-Best {
                $state = [initialsessionstate]::CreateDefault()
                $state.ImportPSModule($ModulePath)
                $shell = [powershell]::Create($state)
                $async = $shell.AddScript($command).BeginInvoke()
                [Threading.Thread]::Sleep(2000 * $Slowness)
                $async.IsCompleted | Should -BeFalse
                $watch = [Diagnostics.Stopwatch]::StartNew()
                $null = $shell.BeginStop($null, $null)
                $async.AsyncWaitHandle.WaitOne(10000 * $Slowness) | Should -BeTrue -Because 'it ends'
                $watch.Elapsed.TotalMilliseconds
                $shell.Streams.Error | Should -BeNullOrEmpty
                $shell.Dispose()
            } | Should -BeLessOrEqual (200 * $Slowness)
            Get-LeftBehind $before | Should -BeNullOrEmpty
            Get-EbpfProbe | Should -BeNullOrEmpty
        }
    }

    Context 'that cannot start' {
        BeforeAll {
            if (-not $missing) {
                Set-Content "$folder/text.bpf.o" 'no object'
                mkfifo "$folder/fifo.bpf.o"
                Copy-Item /bin/true "$folder/true.bpf.o"
            }
        }

        It 'says why, and what to type: <Id> for <With.Keys>' -ForEach @(
            @{ File = 'missing.bpf.o'; With = @{}; Id = 'EbpfFileFailed'; Names = 'missing.bpf.o'; Advice = 'clang' }
            @{ File = 'no-such-*.o'; With = @{}; Id = 'EbpfFileFailed'; Names = 'no-such-\*\.o'; Advice = 'clang' }
            @{ File = 'no-such-[z-a].o'; With = @{}; Id = 'EbpfFileFailed'; Names = 'no-such-\[z-a\]\.o'; Advice = 'clang' }
            @{ File = 'text.bpf.o'; With = @{}; Id = 'EbpfInvalidObject'; Names = 'text.bpf.o'; Advice = 'clang' }
            @{ File = 'true.bpf.o'; With = @{}; Id = 'EbpfInvalidObject'; Names = 'true.bpf.o'; Advice = 'clang' }
            @{ File = 'counters.bpf.o'; With = @{ ProgramName = 'count_opn' }; Id = 'EbpfProgramNotFound'; Names = 'count_opn'; Advice = 'count_open' }
            @{ File = 'counters.bpf.o'; With = @{ MapSize = @{ nix = 1 } }; Id = 'EbpfMapNotFound'; Names = 'nix'; Advice = 'counters' }
            @{ File = 'counters.bpf.o'; With = @{ MapSize = @{ counters = 'many' } }; Id = 'EbpfInvalidArgument'; Names = 'many'; Advice = '-MapSize @\{' }
            @{ File = 'counters.bpf.o'; With = @{ MapSize = @{ counters = -1 } }; Id = 'EbpfInvalidArgument'; Names = "'-1' for counters"; Advice = '-MapSize @\{' }
            @{ File = 'counters.bpf.o'; With = @{ MapSize = @{ counters = 0 } }; Id = 'EbpfMapFailed'; Names = 'counters: EINVAL.*max_entries 0'; Advice = '1 to \d+ entries: .*-MapSize @\{ counters = ' }
            @{ File = 'counters.bpf.o'; With = @{ MapSize = @{ counters = 4GB - 1 } }; Id = 'EbpfMapFailed'; Names = 'counters: E2BIG.*max_entries 4294967295'; Advice = '1 to \d+ entries: .*-MapSize @\{ counters = ' }
            @{ File = 'execve-ring.bpf.o'; With = @{ MapSize = @{ events = 0 } }; Id = 'EbpfMapFailed'; Names = 'events: EINVAL.*ringbuf, with 0 bytes'; Advice = '-MapSize @\{ events = ' }
            @{ File = 'execve-perf.bpf.o'; With = @{ MapSize = @{ comm_events = 2GB } }; Id = 'EbpfMapFailed'; Names = 'comm_events .*2147483648 bytes'; Advice = '-MapSize @\{ comm_events = ' }
            @{ File = 'counters.bpf.o'; With = @{ ReuseMap = @{ counters = $null } }; Id = 'EbpfInvalidArgument'; Names = '-ReuseMap .* counters'; Advice = 'Get-EbpfMap' }
            @{ File = 'fifo.bpf.o'; With = @{}; Id = 'EbpfFileFailed'; Names = 'it is a FIFO'; Advice = 'clang' }
            @{ File = '.'; With = @{}; Id = 'EbpfFileFailed'; Names = 'it is a folder'; Advice = 'clang' }
            @{ File = 'counters.bpf.o'; With = @{ MapPin = @{ nix = '/sys/fs/bpf/nix' } }; Id = 'EbpfMapNotFound'; Names = 'nix'; Advice = 'counters' }
            @{ File = 'counters.bpf.o'; With = @{ MapPin = @{ counters = '' } }; Id = 'EbpfInvalidArgument'; Names = 'counters'; Advice = 'a path' }
            @{ File = 'counters.bpf.o'; With = @{ MapPin = @{ counters = '/tmp/nix' } }; Id = 'EbpfBpffsNotMounted'; Names = '/tmp/nix'; Advice = 'mount' }
            @{ File = 'counters.bpf.o'; With = @{ PinPath = '/tmp/nix' }; Id = 'EbpfBpffsNotMounted'; Names = '/tmp/nix'; Advice = 'mount' }
            @{ File = 'counters.bpf.o'; With = @{ Global = @{ nix = 1 } }; Id = 'EbpfGlobalNotFound'; Names = 'nix' }
            @{ File = 'global.bpf.o'; With = @{ Global = @{ small = 'many' } }; Id = 'EbpfInvalidValue'; Names = 'many' }
            @{ File = 'global.bpf.o'; With = @{ Global = @{ small = 70000 } }; Id = 'EbpfInvalidValue'; Names = '70000' }
            @{ File = 'connect4.bpf.o'; With = @{}; Id = 'EbpfAttachTargetMissing'; Names = 'deny_port'; Advice = '-CgroupPath' }
            @{ File = 'connect4.bpf.o'; With = @{ CgroupPath = '/no/such' }; Id = 'EbpfCgroupNotFound'; Names = '/no/such'; Advice = 'cgroup' }
            @{ File = 'xdp-counter.bpf.o'; With = @{}; Id = 'EbpfAttachTargetMissing'; Names = 'count_packets'; Advice = '-Interface' }
            @{ File = 'xdp-counter.bpf.o'; With = @{ Interface = 'nix0' }; Id = 'EbpfInterfaceNotFound'; Names = 'nix0' }
            @{ File = 'uprobe.bpf.o'; With = @{ BinaryPath = '/no/such'; Symbol = 'add' }; Id = 'EbpfSymbolNotFound'; Names = '/no/such' }
            @{ File = 'uprobe.bpf.o'; With = @{ BinaryPath = 'libc.so.6'; Symbol = 'mallocc' }; Id = 'EbpfSymbolNotFound'; Names = 'mallocc'; Advice = 'malloc' }
            @{ File = 'counters.bpf.o'; With = @{ Interface = 'lo' }; Id = 'EbpfInvalidArgument'; Names = '-Interface'; Advice = '-Interface' }
            @{ File = 'counters.bpf.o'; With = @{ Frequency = 7 }; Id = 'EbpfInvalidArgument'; Names = '-Frequency'; Advice = '-Frequency' }
        ) {
            $before = Get-Inventory
            $errors = $null
            Start-EbpfProbe "$folder/$File" @With -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
            @($errors).Count | Should -Be 1
            $errors[0].FullyQualifiedErrorId | Should -Match "^$Id,Ebee.PowerShell.Commands.StartEbpfProbeCommand$"
            "$($errors[0].Exception.Message)" | Should -Match $Names
            $errors[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            if ($_.Contains('Advice')) { $errors[0].ErrorDetails.RecommendedAction | Should -Match $Advice }
            Get-EbpfProbe | Should -BeNullOrEmpty
            Get-LeftBehind $before | Should -BeNullOrEmpty
            Get-Held | Should -Be 0
        }

        It 'takes no path that the kernel would cut' {
            { Start-EbpfProbe "$counters`0.txt" } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*' -ExpectedMessage '*NUL*'
            { Start-EbpfProbe $counters -PinPath '' } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*' -ExpectedMessage '*empty*'
        }

        It 'does not keep the others from starting' {
            $errors = $null
            $probes = @("$folder/text.bpf.o", $counters | Start-EbpfProbe -ErrorAction SilentlyContinue -ErrorVariable errors)
            $probes.Name | Should -Be counters
            $errors.Count | Should -Be 1
        }
    }

    Context 'of this session' {
        It 'is found by name and id, and stopped' {
            $one = Start-EbpfProbe $counters
            $other = Start-EbpfProbe $two
            (Get-EbpfProbe COUNT*).Id | Should -Be $one.Id
            (Get-EbpfProbe -Id $other.Id).Name | Should -Be two
            Get-EbpfProbe nix* | Should -BeNullOrEmpty
            Stop-EbpfProbe -Name TW*
            @(Get-EbpfProbe).Id | Should -Be $one.Id
            $other.IsRunning | Should -BeFalse
            Get-Shown prog $one.Programs[0].ProgramId | Should -Not -BeNullOrEmpty
            Stop-EbpfProbe -Id $one.Id
            Stop-EbpfProbe $one # again: it is stopped
            Get-EbpfProbe | Should -BeNullOrEmpty
            Get-Held | Should -Be 0
        }

        It 'is not stopped with -WhatIf' {
            $probe = Start-EbpfProbe $counters
            $probe | Stop-EbpfProbe -WhatIf
            $probe.IsRunning | Should -BeTrue
            Get-Shown link $probe.Programs[0].LinkId[0] | Should -Not -BeNullOrEmpty
        }

        It 'that is missing is an error: <Cmdlet> <With.Keys> <With.Values>' -ForEach @(
            @{ Cmdlet = 'Get-EbpfProbe'; With = @{ Name = 'nix' } }, @{ Cmdlet = 'Get-EbpfProbe'; With = @{ Id = 999999 } }
            @{ Cmdlet = 'Stop-EbpfProbe'; With = @{ Name = 'nix' } }, @{ Cmdlet = 'Stop-EbpfProbe'; With = @{ Id = 999999 } }
            @{ Cmdlet = 'Get-EbpfProbe'; With = @{ PinPath = '/tmp' } }
        ) {
            $errors = $null
            & $Cmdlet @With -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'EbpfProbeNotFound,*'
            $errors[0].Exception.Message | Should -BeLike "*$($With.Values)*"
            $errors[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }

        It 'completes' {
            $probe = Start-EbpfProbe $counters
            $complete = { param($Text) (TabExpansion2 $Text).CompletionMatches.CompletionText }
            & $complete 'Get-EbpfProbe cou' | Should -Be counters
            & $complete 'Stop-EbpfProbe -Id ' | Should -Contain "$($probe.Id)"
            & $complete 'Start-EbpfProbe x.o -Tracepoint syscalls:sys_enter_execv' | Should -Contain syscalls:sys_enter_execve
            & $complete 'Start-EbpfProbe x.o -Interface l' | Should -Contain lo
            & $complete 'Start-EbpfProbe x.o -XdpMode ' | Should -Be Default, Generic, Native, Offload
            & $complete 'Start-EbpfProbe x.o -BinaryPath /lib64/ld-linux-x86-64.so.2 -Symbol _dl_' | Should -Not -BeNullOrEmpty
        }

        It 'ends with the module, and with the process, however that ends: <How>' -ForEach @(
            @{ How = 'Remove-Module Ebee; "removed"; Start-Sleep 60'; Kill = $false }
            @{ How = '"started"; Start-Sleep 60'; Kill = $true }
            @{ How = '"started"; exit'; Kill = $false }
        ) {
            $start = [Diagnostics.ProcessStartInfo] @{ FileName = (Get-Process -Id $PID).Path; RedirectStandardOutput = $true }
            foreach ($argument in '-NoProfile', '-NonInteractive', '-Command',
                "Import-Module '$ModulePath'; `$p = Start-EbpfProbe '$counters'; `"`$(`$p.Programs.ProgramId) `$(`$p.Programs.LinkId) `$(`$p.Maps.counters.Id)`"; $How") {
                $start.ArgumentList.Add($argument)
            }
            $process = [Diagnostics.Process]::Start($start)
            try {
                $program, $link, $map = $process.StandardOutput.ReadLine() -split ' '
                [int] $program | Should -BeGreaterThan 0
                $null = $process.StandardOutput.ReadLine()
                if ($Kill) {
                    Get-Shown prog $program | Should -Not -BeNullOrEmpty
                    $process.Kill()
                    $process.WaitForExit()
                }
                Wait-Until { -not (Get-Shown prog $program) -and -not (Get-Shown link $link) -and -not (Get-Shown map $map) } 'all was freed' 5
            }
            finally {
                if (-not $process.HasExited) { $process.Kill() }
                $process.Dispose()
            }
        }

        It 'leaves no descriptor, two hundred times' {
            $start = { Start-EbpfProbe $counters | Stop-EbpfProbe }
            1..5 | ForEach-Object $start
            # What is left to finalizers by tests before is none of this, nor what the runtime loads of itself meanwhile.
            $count = {
                [GC]::Collect(); [GC]::WaitForPendingFinalizers()
                [IO.Directory]::GetFiles('/proc/self/fd').Where{ [IO.FileInfo]::new($_).LinkTarget -notmatch '\.dll$' }.Count
            }
            $before = & $count
            1..200 | ForEach-Object $start
            & $count | Should -BeLessOrEqual $before
            Get-Held | Should -Be 0
        }

        It 'is shown in 120 columns' {
            $probe = Start-EbpfProbe $counters
            $table = ($probe | Format-Table | Out-String -Width 120) -replace "`e\[[0-9;]*m"
            $table | Should -Match "(?m)^ +$($probe.Id) counters +True +count_open "
            ($table -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 120
            ($probe | Format-List | Out-String) | Should -Match 'sys_enter_openat'
        }
    }
}
