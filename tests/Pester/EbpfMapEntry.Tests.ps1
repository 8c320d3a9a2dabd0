Describe 'The entries of maps' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        if ($LiveOnly) { return }
        if (-not (Get-Command clang -ErrorAction Ignore)) { $LiveOnly = 'needs clang'; return }
        $folder = New-TestFolder
        $object = "$folder/entries.bpf.o"
        Set-Content "$folder/entries.bpf.c" @'
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
enum state { STATE_NEW, STATE_OPEN = 5 };
struct stats { __u64 packets; __u32 Pid; __u32 pid; enum state state; char name[16]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1000); __type(key, __u32); __type(value, __u64); } counters SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 3); __type(key, __u32); __type(value, struct stats); } stats_of_devices SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __uint(max_entries, 10); __type(key, __u32); __type(value, __u32); } each SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 3); __type(value, __u32); } work SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 10); __type(key, char[8]); __type(value, __u32); } names SEC(".maps");
SEC("socket") int pass(void *packet) { return bpf_map_lookup_elem(&counters, &(__u32){0}) ? 0 : -1; }
char LICENSE[] SEC("license") = "GPL";
'@
        clang -g -O2 -target bpf -idirafter "/usr/include/$(gcc -dumpmachine)" -c "$folder/entries.bpf.c" -o $object
        $probe = Start-EbpfProbe $object -WarningAction Ignore
        $counters = $probe | Get-EbpfMap counters
        function Get-ErrorId([scriptblock] $Script) { try { & $Script -ErrorAction Stop; '' } catch { ($_.FullyQualifiedErrorId -split ',')[0] } }
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        if ($LiveOnly) { return }
        $probe | Stop-EbpfProbe
        Remove-Item -Recurse -Force $folder
    }

    It 'are set, sorted, got and removed, as bpftool has them' {
        1..20 | ForEach-Object { $counters | Set-EbpfMapEntry -Key $_ -Value (1000 % ($_ + 20)) }
        $entries = @($counters | Get-EbpfMapEntry)
        $dumped = bpftool -j map dump id $counters.Id | ConvertFrom-Json
        $entries.ForEach({ "$($_.Key)=$($_.Value)" }) | Sort-Object | Should -Be ($dumped.formatted.ForEach({ "$($_.key)=$($_.value)" }) | Sort-Object)
        $sorted = @($entries | Sort-Object Value -Descending)
        $sorted.Value | Should -Be @(1..20 | ForEach-Object { 1000 % ($_ + 20) } | Sort-Object -Descending)
        $entries[0].Value | Should -BeOfType ulong
        (Get-EbpfMapEntry $counters -Key 7).Value | Should -Be (1000 % 27)
        $entries | Where-Object Key -gt 10 | Remove-EbpfMapEntry
        @(Get-EbpfMapEntry -Map $counters).Count | Should -Be 10
        Remove-EbpfMapEntry $counters 1 -PassThru | ForEach-Object Value | Should -Be (1000 % 21)
        Get-ErrorId { Get-EbpfMapEntry $counters -Key 1 @args } | Should -Be EbpfMapEntryNotFound
        Get-ErrorId { Remove-EbpfMapEntry $counters -Key 1 @args } | Should -Be EbpfMapEntryNotFound
        $counters | Clear-EbpfMap
        $counters | Get-EbpfMapEntry | Should -BeNullOrEmpty
    }

    It 'have the fields of a struct as properties' {
        $map = $probe | Get-EbpfMap stats_of_devices # more than the kernel's 15 bytes
        Set-EbpfMapEntry $map 1 @{ packets = '0x10'; pid_2 = 2; Pid = 1; state = 'state_open'; name = 'eth0' }
        $value = (Get-EbpfMapEntry $map -Key 1).Value
        "$value" | Should -Be 'struct stats { packets = 16, Pid = 1, pid_2 = 2, state = STATE_OPEN, name = eth0 }'
        ($value | Get-Member -MemberType Properties).Name | Should -Be name, packets, Pid, pid_2, state
        $value.pid_2 | Should -Be 2
        "$($value.state)" | Should -Be STATE_OPEN
        $value | ConvertTo-Json -Compress | Should -Be '{"packets":16,"Pid":1,"pid_2":2,"state":"STATE_OPEN","name":"eth0"}'
        $value | ConvertTo-Csv | Select-Object -Last 1 | Should -Be '"16","1","2","STATE_OPEN","eth0"'
        Set-EbpfMapEntry $map 2 $value
        (Get-EbpfMapEntry $map -Key 2).Value | Should -Be $value
        Set-EbpfMapEntry $map 2 ([pscustomobject]@{ name = 'lo' })
        (Get-EbpfMapEntry $map -Key 2).Value.name | Should -Be lo
        Get-EbpfMapEntry $map | ForEach-Object Value | Where-Object name -eq lo | Should -HaveCount 1
        Get-ErrorId { Set-EbpfMapEntry $map 1 @{ nothing = 1 } @args } | Should -Be EbpfInvalidValue
        Get-ErrorId { Set-EbpfMapEntry $map 1 @{ Pid = -1 } @args } | Should -Be EbpfInvalidValue
        Clear-EbpfMap $map
        (Get-EbpfMapEntry $map).Value.packets | Should -Be 0, 0, 0
    }

    It 'of CPUs are added up' {
        $map = $probe.Maps['each']
        $map | Set-EbpfMapEntry -Key 1 -Value 7
        $entry = $map | Get-EbpfMapEntry
        $entry.Values.Count | Should -Be (bpftool -j map dump id $map.Id | ConvertFrom-Json).values.Count
        $entry.Value | Should -Be $entry.Values
        ($map | Get-EbpfMapEntry -Sum).Value | Should -Be (7 * $entry.Values.Count)
        $entry | Set-EbpfMapEntry # what was got, set
        ($map | Get-EbpfMapEntry -Key 1).Values | Should -Be $entry.Values
    }

    It 'of a queue are pushed and popped' {
        $map = $probe.Maps['work']
        1..3 | ForEach-Object { Set-EbpfMapEntry $map -Value $_ }
        (Get-EbpfMapEntry $map).Value | Should -Be 1
        Get-ErrorId { Set-EbpfMapEntry $map -Value 4 @args } | Should -Be EbpfMapFailed
        @(1..3 | ForEach-Object { (Remove-EbpfMapEntry $map -PassThru).Value }) | Should -Be 1, 2, 3
        Get-ErrorId { Remove-EbpfMapEntry $map @args } | Should -Be EbpfMapEntryNotFound
    }

    It 'of text keys with hostile bytes are shown escaped, and removed byte for byte' {
        $map = $probe.Maps['names']
        Set-EbpfMapEntry $map ([byte[]](0x1b, 0x5b, 0x41, 0xff, 0, 0x62, 0, 0)) 5
        $entry = Get-EbpfMapEntry $map
        $entry.Key | Should -BeOfType string
        $entry | Format-Table | Out-String | Should -Not -Match "`e"
        $entry | Format-List | Out-String | Should -Not -Match "`e"
        $entry | Remove-EbpfMapEntry
        Get-EbpfMapEntry $map | Should -BeNullOrEmpty
    }

    It 'are found by the name, id and pin of the map' {
        Set-EbpfMapEntry $counters 1 11
        (Get-EbpfMapEntry -MapId $counters.Id).Value | Should -Be 11
        @(Get-EbpfMapEntry -Name 'counter[s]' | Where-Object MapId -eq $counters.Id).Value | Should -Be 11
        $own = Start-EbpfProbe $object -WarningAction Ignore
        try { ($own | Get-EbpfMap c*).Name | Should -Be counters } finally { $own | Stop-EbpfProbe }
        Get-ErrorId { Get-EbpfMapEntry -Name no_such_map @args } | Should -Be EbpfMapNotFound
        Get-ErrorId { $probe | Get-EbpfMap no_such_map @args } | Should -Be EbpfMapNotFound
        Get-ErrorId { Get-EbpfMapEntry -PinPath /etc/passwd @args } | Should -Be EbpfBpffsNotMounted
        if ((stat -f -c %T /sys/fs/bpf) -eq 'bpf_fs') {
            $pin = "/sys/fs/bpf/ebee_pester_$PID"
            bpftool map pin id $counters.Id $pin
            try {
                (Get-EbpfMap -PinPath $pin).Id | Should -Be $counters.Id
                (Get-EbpfMap -PinPath $pin | Get-EbpfMapEntry).Value | Should -Be 11
                Set-EbpfMapEntry -PinPath $pin -Key 1 -Value 12
                (Get-EbpfMapEntry -PinPath $pin).Value | Should -Be 12
            }
            finally { Remove-Item $pin }
        }
        Clear-EbpfMap $counters
    }

    It 'are not changed by -WhatIf' {
        Set-EbpfMapEntry $counters 1 11
        Set-EbpfMapEntry $counters 1 12 -WhatIf
        Remove-EbpfMapEntry $counters 1 -WhatIf
        Clear-EbpfMap $counters -WhatIf
        (Get-EbpfMapEntry $counters).Value | Should -Be 11
        Clear-EbpfMap $counters -Confirm:$false
    }

    It 'are set from objects with a Key and a Value' {
        'Key,Value', '1,10', '0x2,20' | ConvertFrom-Csv | Set-EbpfMapEntry -Map $counters
        Get-EbpfMapEntry $counters | Sort-Object Key | ForEach-Object Value | Should -Be 10, 20
        Get-EbpfMapEntry $counters | Set-EbpfMapEntry -Value 5 # these, to another value
        Get-EbpfMapEntry $counters | ForEach-Object Value | Should -Be 5, 5
        Clear-EbpfMap $counters
    }
}
