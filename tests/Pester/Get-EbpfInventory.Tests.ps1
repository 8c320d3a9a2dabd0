# Get-EbpfProgram, Get-EbpfMap and Get-EbpfLink as users type them. The fields of every kind of object are compared with
# bpftool's by the library's own tests.
Describe 'What the kernel holds' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        if (-not $LiveOnly) {
            # A program that this process holds, with its maps and its link.
            $stream = Start-Stream 'Get-ExecEvent -Duration 10m'
            $program = Get-EbpfProgram exec_* | Where-Object ProcessId -Contains $PID | Select-Object -First 1
        }

        # What bpftool shows alike before and after an action, by id: others load and unload theirs meanwhile.
        function Compare-Bpftool([string] $Kind, [scriptblock] $List) {
            function Get-Shown {
                foreach ($attempt in 1..20) {
                    $text = bpftool -j $Kind show
                    if ($LASTEXITCODE -eq 0) { break }
                }
                # One by one: in a list, a map without BTF is shown with the btf_id of the one before it (Linux 6.18).
                foreach ($id in ($text | ConvertFrom-Json).id) {
                    $item = bpftool -j $Kind show id $id | ConvertFrom-Json -AsHashtable
                    if ($LASTEXITCODE -eq 0) {
                        $item.Remove('loaded_at')
                        $item
                    }
                }
            }
            $before = @{}
            Get-Shown | ForEach-Object { $before[$_.id] = $_ | ConvertTo-Json -Compress }
            $objects = @{}
            & $List | ForEach-Object { $objects[[long] $_.Id] = $_ }
            foreach ($item in Get-Shown) {
                if (($item | ConvertTo-Json -Compress) -eq $before[$item.id]) {
                    [pscustomobject]@{ Expected = $item; Actual = $objects[$item.id] }
                }
            }
        }
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        if (-not $LiveOnly) {
            $stream.Shell.Stop()
            $stream.Shell.Dispose()
        }
    }

    Context 'As bpftool shows it' {
        BeforeAll {
            $noBpftool = -not (Get-Command bpftool -ErrorAction Ignore)
        }
        BeforeEach {
            if ($noBpftool) { Set-ItResult -Skipped -Because 'needs bpftool' }
        }

        It '<Cmdlet>' -ForEach @(
            @{ Cmdlet = 'Get-EbpfProgram'; Kind = 'prog'; Names = @{
                    id = 'Id'; type = 'Type'; name = 'Name'; tag = 'Tag'; gpl_compatible = 'GplCompatible'; uid = 'UserId'
                    bytes_xlated = 'TranslatedBytes'; bytes_jited = 'JittedBytes'; bytes_memlock = 'MemoryLockedBytes'
                    map_ids = 'MapId'; btf_id = 'BtfId'; run_time_ns = 'RunTimeNs'; run_cnt = 'RunCount'; recursion_misses = 'RecursionMisses' } }
            @{ Cmdlet = 'Get-EbpfMap'; Kind = 'map'; Names = @{
                    id = 'Id'; type = 'Type'; name = 'Name'; flags = 'Flags'; bytes_key = 'KeySize'; bytes_value = 'ValueSize'
                    max_entries = 'MaxEntries'; bytes_memlock = 'MemoryLockedBytes'; btf_id = 'BtfId' } }
            @{ Cmdlet = 'Get-EbpfLink'; Kind = 'link'; Names = @{
                    id = 'Id'; type = 'Type'; prog_id = 'ProgramId'; prog_type = 'ProgramType'; tp_name = 'TracepointName'
                    attach_type = 'AttachType'; target_obj_id = 'TargetObjectId'; target_btf_id = 'TargetBtfId'
                    target_name = 'TargetName'; cgroup_id = 'CgroupId'; netns_ino = 'NetworkNamespace'; map_id = 'MapId' } }
        ) {
            $pairs = @(Compare-Bpftool $Kind { & $Cmdlet })
            $pairs.Count | Should -BeGreaterThan 0
            foreach ($pair in $pairs) {
                foreach ($name in $Names.Keys.Where{ $pair.Expected.ContainsKey($_) }) {
                    # What bpftool has no name of is a number there and here.
                    "$($pair.Actual.($Names[$name]))" | Should -Be "$($pair.Expected[$name])" -Because "$Kind $($pair.Expected.id) has this $name"
                }
            }
        }
    }

    Context 'Names and ids' {
        It 'takes wildcards and several names' {
            @(Get-EbpfProgram exec_*).Name | Should -Contain $program.Name
            @(Get-EbpfProgram EXEC_*, no-such-*).Id | Should -Contain $program.Id
            Get-EbpfProgram no-such-* | Should -BeNullOrEmpty
            @(Get-EbpfMap event?, lost | ForEach-Object Name | Sort-Object -Unique) | Should -Be events, lost
        }

        It 'takes ids' {
            (Get-EbpfProgram -Id $program.Id).Tag | Should -Be $program.Tag
            (Get-EbpfMap -Id $program.MapId).Id | Should -Be $program.MapId
            $link = $program | Get-EbpfLink
            (Get-EbpfLink $link.Id).ProgramId | Should -Be $program.Id
        }

        It 'says which of <Cmdlet> <Arguments> is missing, and goes on' -ForEach @(
            @{ Cmdlet = 'Get-EbpfProgram'; Arguments = '-Id'; Value = 4294967295; Id = 'EbpfProgramNotFound' }
            @{ Cmdlet = 'Get-EbpfMap'; Arguments = '-Id'; Value = 4294967295; Id = 'EbpfMapNotFound' }
            @{ Cmdlet = 'Get-EbpfLink'; Arguments = '-Id'; Value = 4294967295; Id = 'EbpfLinkNotFound' }
            @{ Cmdlet = 'Get-EbpfProgram'; Arguments = '-Name'; Value = 'no such program'; Id = 'EbpfProgramNotFound' }
            @{ Cmdlet = 'Get-EbpfMap'; Arguments = '-Name'; Value = 'no such map'; Id = 'EbpfMapNotFound' }
        ) {
            $parameters = @{ $Arguments.Trim('-') = $Value, $Value }
            $errors = $null
            & $Cmdlet @parameters -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
            $errors.Count | Should -Be 2
            $errors[0].FullyQualifiedErrorId | Should -Be "$Id,Ebee.PowerShell.Commands.$($Cmdlet -replace '-')Command"
            $errors[0].CategoryInfo.Category | Should -Be ObjectNotFound
            $errors[0].Exception.Message | Should -BeLike "*$Value*"
            $errors[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }
    }

    Context 'Names that are no patterns' {
        It 'are one error that does not end <Cmdlet>' -ForEach @(
            @{ Cmdlet = 'Get-EbpfProgram' }, @{ Cmdlet = 'Get-EbpfMap' }, @{ Cmdlet = 'Get-EbpfTracepoint' }, @{ Cmdlet = 'Get-EbpfFeature' }
            @{ Cmdlet = 'Get-EbpfProbe' }, @{ Cmdlet = 'Stop-EbpfProbe' }, @{ Cmdlet = 'Get-EbpfEvent' }, @{ Cmdlet = 'Get-EbpfMapEntry' }
            @{ Cmdlet = 'Clear-EbpfMap' }, @{ Cmdlet = 'Invoke-EbpfProgram' }
        ) {
            foreach ($name in '[', "it's[a", '[]', 'e[z-a]') {
                $errors = $null
                & $Cmdlet -Name $name -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
                @($errors | ForEach-Object FullyQualifiedErrorId) | Should -Be "EbpfInvalidArgument,Ebee.PowerShell.Commands.$($Cmdlet -replace '-')Command"
                $errors[0].Exception.Message | Should -Be "The name '$name' is no pattern: its brackets hold no set of characters."
                # What is to be typed is a string of PowerShell's, and the pattern of that name.
                $errors[0].ErrorDetails.RecommendedAction -match "('.*')\.$" | Should -BeTrue
                $name | Should -BeLike (Invoke-Expression $Matches[1])
                $errors[0].TargetObject | Should -Be $name
            }
        }

        It 'do not keep the others away' {
            @(Get-EbpfProgram '[', $program.Name -ErrorAction Ignore).Id | Should -Contain $program.Id
            Get-EbpfProgram '[' -ErrorAction Ignore | Should -BeNullOrEmpty
        }
    }

    Context 'Chains' {
        It 'from a program to its links and back' {
            $links = @($program | Get-EbpfLink)
            $links.ProgramId | Should -Be $program.Id
            $links.ProgramName | Should -Be $program.Name
            @($links | Get-EbpfProgram).Id | Should -Be $program.Id
            @(Get-EbpfLink -ProgramId $program.Id).Id | Should -Be $links.Id
        }

        It 'from a program to its maps and back' {
            @($program | Get-EbpfMap).Id | Should -Be $program.MapId
            @($program | Get-EbpfMap | Get-EbpfProgram).Id | Should -Contain $program.Id
        }

        It 'to the same objects' {
            ($program | Get-EbpfProgram).Id | Should -Be $program.Id
            (Get-EbpfMap -Id $program.MapId[0] | Get-EbpfMap).Id | Should -Be $program.MapId[0]
        }

        It 'to nothing from nothing' {
            Get-EbpfProgram no-such-* | Get-EbpfLink | Should -BeNullOrEmpty
            Get-EbpfProgram no-such-* | Get-EbpfMap | Should -BeNullOrEmpty
            Get-EbpfMap no-such-* | Get-EbpfProgram | Should -BeNullOrEmpty
            $program | Get-EbpfLink | Get-EbpfMap | Should -BeNullOrEmpty
        }
    }

    Context 'Objects' {
        It 'are what OutputType says, and go through JSON and CSV' -ForEach @(
            @{ Cmdlet = 'Get-EbpfProgram' }, @{ Cmdlet = 'Get-EbpfMap' }, @{ Cmdlet = 'Get-EbpfLink' }
        ) {
            $object = & $Cmdlet | Select-Object -First 1
            $object | Should -BeOfType (Get-Command $Cmdlet).OutputType[0].Type
            $back = $object | ConvertTo-Json -Depth 2 -WarningAction Stop | ConvertFrom-Json
            $back.PSObject.Properties.Name | Should -Be $object.PSObject.Properties.Name
            $back.Id | Should -Be $object.Id
            ($object | ConvertTo-Csv | ConvertFrom-Csv).Type | Should -Be $object.Type
        }

        It 'name the processes that hold them' {
            $index = [Array]::IndexOf($program.ProcessId, $PID)
            $program.ProcessName[$index] | Should -Be (Get-Content /proc/$PID/comm)
            @(Get-EbpfMap -Id $program.MapId | Where-Object ProcessId -Contains $PID).Count | Should -Be $program.MapId.Count
            ($program | Get-EbpfLink).ProcessId | Should -Contain $PID
        }

        It 'fit 120 columns as a table, and are whole as a list' -ForEach @(
            @{ Cmdlet = 'Get-EbpfProgram' }, @{ Cmdlet = 'Get-EbpfMap' }, @{ Cmdlet = 'Get-EbpfLink' }
        ) {
            $objects = @(& $Cmdlet)
            $table = ($objects | Format-Table | Out-String -Width 120) -replace "`e\[[0-9;]*m"
            $table | Should -Match "(?m)^\s*$($objects[0].Id) "
            $table -split "`n" | ForEach-Object Length | Measure-Object -Maximum | ForEach-Object Maximum | Should -BeLessOrEqual 120
            $list = $objects[0] | Format-List | Out-String -Width 120
            foreach ($property in $objects[0].PSObject.Properties.Where{ $null -ne $_.Value }) { $list | Should -Match "(?m)^\S*$($property.Name)\S*\s*(\S*)?:" }
        }

        It 'show maps in 80 columns, but for their memory and who holds them' {
            $table = (Get-EbpfMap -Id $program.MapId | Out-String -Width 79) -replace "`e\[[0-9;]*m" -split "`n" | Where-Object { $_.Trim() }
            $table[0].Trim() -split '\s+' | Should -Be Id, Type, Name, KeySize, ValueSize, MaxEntries
            $table.Count | Should -Be (2 + $program.MapId.Count)
            $table | ForEach-Object Length | Measure-Object -Maximum | ForEach-Object Maximum | Should -BeLessOrEqual 80
        }
    }

    Context 'Completion' {
        It 'of names and ids' {
            (TabExpansion2 'Get-EbpfProgram exec').CompletionMatches.CompletionText | Should -Contain $program.Name
            (TabExpansion2 'Get-EbpfMap even').CompletionMatches.CompletionText | Should -Contain events
            $match = (TabExpansion2 'Get-EbpfProgram -Id ').CompletionMatches.Where({ $_.CompletionText -eq $program.Id })
            $match.ToolTip | Should -Be $program.Name
            (TabExpansion2 'Get-EbpfMap -Id ').CompletionMatches.CompletionText | Should -Contain "$($program.MapId[0])"
            (TabExpansion2 'Get-EbpfLink -Id ').CompletionMatches.CompletionText | Should -Contain "$(($program | Get-EbpfLink)[0].Id)"
        }
    }

    Context 'Without privileges' {
        It 'says that CAP_SYS_ADMIN is missing: <_>' -ForEach 'Get-EbpfProgram', 'Get-EbpfMap', 'Get-EbpfLink', 'Get-EbpfProgram -Id 1' {
            $script = "Import-Module '$ModulePath'; try { $_; 'listed' } catch { `$_.FullyQualifiedErrorId; `$_.Exception.Message; `$_.CategoryInfo.Category }"
            $output = setpriv --bounding-set '-sys_admin,-bpf,-perfmon' (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command $script
            $output[0] | Should -Be "EbpfPermissionDenied,Ebee.PowerShell.Commands.$(($_ -split ' ')[0] -replace '-')Command"
            $output[1] | Should -BeLike '*CAP_SYS_ADMIN*'
            $output[2] | Should -Be PermissionDenied
        }

        It 'lists, and warns once, with CAP_SYS_ADMIN alone' {
            $folder = New-TestFolder
            try {
                Copy-Item -Recurse (Split-Path $ModulePath) "$folder/Ebee"
                chmod -R a+rX $folder
                $script = "Import-Module '$folder/Ebee/Ebee.psd1'; `$w = `$null; `$all = Get-EbpfProgram -WarningVariable w -WarningAction SilentlyContinue; @(`$all).Count; @(`$w).Count; `"`$w`""
                $output = setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +sys_admin --ambient-caps +sys_admin (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command $script
            }
            finally {
                Remove-Item -Recurse -Force $folder
            }
            [int] $output[0] | Should -BeGreaterThan 0
            $output[1] | Should -Be 1
            $output[2] | Should -BeLike '*descriptors*'
        }
    }

    Context 'A thousand times' {
        It 'leaves no descriptor' {
            foreach ($i in 1..10) { $null = Get-EbpfMap -Id $program.MapId[0] }
            # Not what the runtime loads of itself meanwhile.
            function Get-Descriptor { @(Get-ChildItem /proc/$PID/fd | Where-Object Target -NotMatch '\.dll$').Count }
            $before = Get-Descriptor
            foreach ($i in 1..1000) { $null = Get-EbpfMap -Id $program.MapId[0] }
            Get-Descriptor | Should -BeLessOrEqual ($before + 5)
        }
    }
}
