# What Ebee writes leaves the session whole: in CSV, JSON and CLIXML, out of jobs, and back. Each object is looked at, of whatever
# class; what a class has is taken from the class, so that one that comes later is looked at, too.
BeforeDiscovery {
    $kinds = 'ExecEvent', 'FileDeleteEvent', 'EbpfProbe', 'EbpfProgram', 'EbpfMap', 'EbpfLink', 'EbpfFeature', 'EbpfTestRun', 'EbpfInstruction',
        'VerifierStatistics', 'EbpfMapEntry', 'EbpfTracepoint', 'EbpfTraceMessage', 'event'
}

Describe 'What Ebee writes' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Faults.ps1
        $folder = New-TestFolder
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
        $culture = [cultureinfo]::CurrentCulture
        $samples = @{}
        if (-not $LiveOnly) {
            $source = @'
enum phase { IDLE, RUNNING = 3 };
struct inner { u32 x; enum phase state; };
struct event { u32 pid; char comm[16]; enum phase state; u16 ports[2]; struct inner last; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); __type(value, struct event); } events SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, u32); __type(value, struct event); } totals SEC(".maps");
SEC("raw_tp/sched_process_exec") int f(void *context)
{
    struct event e = { .pid = bpf_get_current_pid_tgid() >> 32, .state = RUNNING, .ports = { 80, 443 }, .last = { 7, RUNNING } };
    u32 key = 5;
    bpf_get_current_comm(e.comm, sizeof(e.comm));
    bpf_map_update_elem(&totals, &key, &e, 0);
    bpf_ringbuf_output(&events, &e, sizeof(e), 0);
    return 0;
}
SEC("socket") int pass(struct __sk_buff *packet) { return packet->len; }
'@
            $probe = Start-EbpfProbe -Source $source -WarningAction Ignore
            $f = $probe.Programs | Where-Object Name -eq f
            $program = New-Program $folder
            $stream = Start-Stream "Get-ExecEvent -Name $($program.Name) -MaxEvents 1"
            & $program.Path 'a b' "it's"
            $samples.ExecEvent = Receive-Stream $stream
            Set-Content "$folder/gone" ''
            $samples.FileDeleteEvent = Watch-Stream "Get-FileDeleteEvent -ProcessId $PID -MaxEvents 1" { [IO.File]::Delete("$folder/gone") }
            $samples.event = $probe | Get-EbpfEvent -Duration 0 | Select-Object -First 1
            $samples.EbpfMapEntry = Get-EbpfMapEntry -Map $probe.Maps['totals']
            $samples.EbpfProbe = Get-EbpfProbe -Id $probe.Id
            $samples.EbpfProgram = Get-EbpfProgram -ProgramId $f.ProgramId
            $samples.EbpfInstruction = Get-EbpfProgram -ProgramId $f.ProgramId -Instruction | Select-Object -First 1
            $samples.EbpfMap = $probe.Maps['totals']
            $samples.EbpfLink = Get-EbpfLink -ProgramId $f.ProgramId
            $samples.EbpfFeature = Get-EbpfFeature ringbuf -Category MapType
            $samples.EbpfTestRun = $probe.Programs | Where-Object Name -eq pass | Invoke-EbpfProgram -Data ([byte[]]::new(64))
            $samples.VerifierStatistics = Start-EbpfProbe -Source $source -VerifyOnly -ProgramName f | Select-Object -First 1
            $samples.EbpfTracepoint = Get-EbpfTracepoint sched:sched_process_exec -ErrorAction Ignore
            $constructor = [Ebee.Host.EbpfTraceMessage].GetConstructors('NonPublic,Instance')[0]
            $samples.EbpfTraceMessage = $constructor.Invoke(@([DateTimeOffset]::Now, 1.5, 'sh', 7, 7, 0, '...1.', 'bpf_trace_printk', "a`e[31mb", $true))
        }

        function Get-Times($Sample) { $Sample.GetType().GetProperties() | Where-Object { $_.PropertyType -in [DateTimeOffset], [Nullable[DateTimeOffset]] } }
        function Get-Enums($Sample) { $Sample.GetType().GetProperties() | Where-Object { $_.PropertyType.IsEnum } }
        function Get-Copy($Sample, [string] $How) {
            switch ($How) {
                'Export-Clixml' { $Sample | Export-Clixml "$folder/sample.xml"; Import-Clixml "$folder/sample.xml" }
                'Export-Clixml -Depth 4' { $Sample | Export-Clixml -Depth 4 "$folder/sample.xml"; Import-Clixml "$folder/sample.xml" }
                'PSSerializer' { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($Sample)) }
            }
        }
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterEach {
        [cultureinfo]::CurrentCulture = $culture
    }
    AfterAll {
        $PSStyle.OutputRendering = $rendering
        if (-not $LiveOnly) { $probe | Stop-EbpfProbe }
        Remove-Item -Recurse -Force $folder
    }

    It 'is the class <_>, seen by the adapter where it has a time or an array' -ForEach $kinds {
        if ($_ -eq 'EbpfTracepoint' -and -not $samples[$_]) { Set-ItResult -Skipped -Because 'tracefs is not here' }
        $type = $samples[$_].GetType()
        $type.Name -replace '_\d+$' | Should -Be $_ # numbered, if other tests had structs of that name
        $needs = $type.GetProperties().PropertyType | Where-Object { $_.IsArray -or $_ -in [DateTimeOffset], [Nullable[DateTimeOffset]] }
        if ($needs) { (Get-TypeData $type.FullName).TypeAdapter | Should -Be ([Ebee.PowerShell.Formatting.RecordAdapter]) }
        $samples[$_].PSObject.Properties.Name | Should -Be $type.GetProperties().Name
        $samples[$_].PSObject.Properties | ForEach-Object { $_.IsSettable | Should -BeFalse }
        foreach ($enum in Get-Enums $samples[$_]) {
            (Get-TypeData $enum.PropertyType.FullName).SerializationMethod | Should -Be String
            [Enum]::GetUnderlyingType($enum.PropertyType) | Should -BeIn ([long], [ulong]) -Because 'ConvertTo-Json writes the names of such enums'
        }
    }

    It 'has times that PowerShell compares, in <_>' -ForEach $kinds {
        foreach ($property in Get-Times $samples[$_]) {
            $raw = $property.GetValue($samples[$_].PSObject.BaseObject)
            $time = $samples[$_].($property.Name)
            $time | Should -BeOfType ([datetime])
            $time.ToUniversalTime().Ticks | Should -Be $raw.UtcTicks
            $time.Kind | Should -Be Local
            $time -gt (Get-Date).AddHours(-1) | Should -BeTrue
            (Get-Date).AddHours(-1) -lt $time | Should -BeTrue
            ((Get-Date) - $time).TotalHours | Should -BeLessThan 1
            (New-TimeSpan -Start $time).TotalHours | Should -BeLessThan 1
            '{0:HH:mm}' -f $time | Should -Be $time.ToString('HH:mm')
            $samples[$_] | Where-Object $property.Name -gt (Get-Date).AddHours(-1) | Should -Not -BeNullOrEmpty
        }
    }

    It 'has the same CSV in every language: <_>' -ForEach $kinds {
        $texts = foreach ($language in '', 'de-DE', 'en-US', 'fi-FI', 'ar-SA', 'th-TH') {
            [cultureinfo]::CurrentCulture = $language
            $row = $samples[$_] | ConvertTo-Csv | ConvertFrom-Csv
            foreach ($property in Get-Times $samples[$_]) {
                $row.($property.Name) | Should -BeExactly $property.GetValue($samples[$_].PSObject.BaseObject).ToString('O', [cultureinfo]::InvariantCulture)
            }
            "$($row.PSObject.Properties.Value)" | Should -Not -Match 'System\.\w+\[\]'
            ($samples[$_] | Select-Object * | ConvertTo-Csv) -join "`n" | Should -BeExactly (($samples[$_] | ConvertTo-Csv) -join "`n")
            "$($samples[$_] | Format-Table | Out-String -Width 200)$($samples[$_] | Format-List | Out-String -Width 200)"
        }
        @($texts | Sort-Object -Unique).Count | Should -Be 1 -Because 'the views show the same, too'
    }

    It 'keeps times, names and fields by <How>: <Kind>' -ForEach @(
        foreach ($how in 'Export-Clixml', 'Export-Clixml -Depth 4', 'PSSerializer') { foreach ($kind in $kinds) { @{ How = $how; Kind = $kind } } }
    ) {
        if ($Kind -eq 'EbpfTracepoint' -and -not $samples[$Kind]) { Set-ItResult -Skipped -Because 'tracefs is not here' }
        $sample = $samples[$Kind]
        $copy = Get-Copy $sample $How
        $copy.PSObject.TypeNames[0] | Should -Be "Deserialized.$($sample.GetType().FullName)"
        foreach ($property in Get-Times $sample) {
            $copy.($property.Name) | Should -BeOfType ([datetime])
            $copy.($property.Name).ToUniversalTime().Ticks | Should -Be $property.GetValue($sample.PSObject.BaseObject).UtcTicks
        }
        foreach ($property in Get-Enums $sample) { $copy.($property.Name) -ceq "$($sample.($property.Name))" | Should -BeTrue }
        $copy.PSObject.Properties.Name | Should -Be $sample.PSObject.Properties.Name
        foreach ($view in 'Format-Table', 'Format-List', 'Out-Default') {
            $shown = $sample, $copy | ForEach-Object { if ($view -eq 'Out-Default') { $_ | Out-String -Width 200 } else { $_ | & $view | Out-String -Width 200 } }
            $shown[1] | Should -BeExactly $shown[0] -Because "$view shows a copy as it shows the object"
        }
    }

    It 'keeps the structs in it, and the names of their enums: <_>' -ForEach 'Export-Clixml', 'Export-Clixml -Depth 4', 'PSSerializer' {
        $copy = Get-Copy $samples.EbpfMapEntry $_
        $copy.Value.last.x | Should -Be 7
        $copy.Value.last.state | Should -Be RUNNING
        $copy.Value.ports | Should -Be 80, 443
        $copy = Get-Copy $samples.event $_
        $copy.last.x | Should -Be 7
        $copy.state | Should -Be RUNNING
        (Get-Copy $samples.EbpfProbe $_).Programs.Name | Should -Be f, pass
        $samples.event.state -eq 3 | Should -BeTrue -Because 'a live enum is still one'
    }

    It 'writes arrays to CSV as a shell reads them' {
        ($samples.ExecEvent | ConvertTo-Csv | ConvertFrom-Csv).Argument | Should -BeExactly "/bin/sh $($samples.ExecEvent.FileName) 'a b' 'it'\''s'"
        ($samples.event | ConvertTo-Csv | ConvertFrom-Csv).ports | Should -BeExactly '80 443'
        ($samples.EbpfTestRun | ConvertTo-Csv | ConvertFrom-Csv).Data | Should -BeExactly ('00' * 64)
        , $samples.ExecEvent.Argument | Should -BeOfType ([string[]])
        $samples.ExecEvent.Argument[2] | Should -BeExactly 'a b'
        $samples.ExecEvent.Argument -contains "it's" | Should -BeTrue
    }

    It 'has JSON with the names of enums, and times as ISO 8601: <_>' -ForEach $kinds {
        $json = $samples[$_] | ConvertTo-Json -Depth 5 | ConvertFrom-Json -DateKind String
        foreach ($property in Get-Enums $samples[$_]) { $json.($property.Name) | Should -BeExactly "$($samples[$_].($property.Name))" }
        foreach ($property in Get-Times $samples[$_]) {
            $json.($property.Name) | Should -Match '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?[+-]\d\d:\d\d$'
            [DateTimeOffset]::Parse($json.($property.Name)) | Should -Be $property.GetValue($samples[$_].PSObject.BaseObject)
        }
    }

    It 'is the JSON that ebee --json writes' {
        $file = "$folder/both"; Set-Content $file ''
        $ours = Start-Stream "Get-FileDeleteEvent -ProcessId $PID -MaxEvents 1"
        $start = [Diagnostics.ProcessStartInfo]::new("$Repository/out/bin/ebee", [string[]]@('rmdetect', '--json', '--verbose', '--count', '1', '--pid', "$PID"))
        $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $ebee = [Diagnostics.Process]::Start($start)
        while ($ebee.StandardError.ReadLine() -notlike '*attached:*') { }
        [IO.File]::Delete($file)
        $line = $ebee.StandardOutput.ReadLine()
        $null = $ebee.WaitForExit(20000 * $Slowness)
        $json = Receive-Stream $ours | ConvertTo-Json -Compress -EscapeHandling EscapeNonAscii
        # Each has a time of its own hook.
        $withoutTime = $json, $line | ForEach-Object { $_ -replace '"Time":"[^"]+"', '"Time":""' }
        $withoutTime[0] | Should -BeExactly $withoutTime[1]
    }

    It 'comes whole out of a job, into a session without the module' {
        $result = Invoke-Session @"
Remove-Module Ebee
`$job = Start-Job { Import-Module '$ModulePath'; Get-FileDeleteEvent -MaxEvents 2 -Duration $(30 * $Slowness)s }
while (`$job.State -in 'NotStarted', 'Running') { `$file = New-Item '$folder/of-a-job' -Force; Remove-Item `$file; Start-Sleep -Milliseconds 100 }
`$events = @(`$job | Receive-Job -AutoRemoveJob -Wait)
@{
    Count = `$events.Count
    Times = @(`$events.Time | ForEach-Object { `$_ -is [datetime] -and `$_ -gt (Get-Date).AddHours(-1) -and `$_.Ticks % 10000000 -ne 0 })
    Names = @(`$events.Operation -eq 'Unlink').Count
    Sorted = (`$events | Sort-Object Time -Descending | Select-Object -First 1).Time -ge `$events[0].Time
    Groups = @(`$events | Group-Object Operation).Name
    Module = @(Get-Module Ebee).Count
} | ConvertTo-Json -Compress
"@ | ConvertFrom-Json
        $result.Count | Should -Be 2
        $result.Times | Should -Be $true, $true
        $result.Names | Should -Be 2
        $result.Sorted | Should -BeTrue
        $result.Groups | Should -Be Unlink
        $result.Module | Should -Be 0
    }

    It 'is escaped in the views when it comes back' {
        $raw = "a`e[31mb`u{2800}`u{202e}"
        $hostile = $samples.EbpfTraceMessage.GetType().GetConstructors('NonPublic,Instance')[0].Invoke(@([DateTimeOffset]::Now, 1.5, $raw, 7, 7, 0, $raw, $raw, $raw, $true))
        foreach ($copy in $hostile, (Get-Copy $hostile PSSerializer)) {
            $copy.Message | Should -BeExactly $raw
            foreach ($text in ($copy | Format-Table | Out-String -Width 300), ($copy | Format-List | Out-String -Width 300)) {
                $text.Contains('a\e[31mb\u2800\u202e') | Should -BeTrue
                $text | Should -Not -Match "[`e`u{2800}`u{202e}]"
            }
        }
    }
}

Describe 'The views of structs' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Faults.ps1
        $folder = New-TestFolder
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'are there, and so are all others, when a format file of the session is <What>' -ForEach @(
        @{ What = 'gone'; Harm = "Remove-Item `$file" }
        @{ What = 'broken'; Harm = "Set-Content `$file '<Configuration><Vie'" }
    ) {
        $said = Invoke-Session @"
`$file = '$folder/other.format.ps1xml'
Set-Content `$file '<Configuration><ViewDefinitions><View><Name>other</Name><ViewSelectedBy><TypeName>Test.Other</TypeName></ViewSelectedBy><TableControl><TableHeaders><TableColumnHeader><Label>OtherLabel</Label></TableColumnHeader></TableHeaders><TableRowEntries><TableRowEntry><TableColumnItems><TableColumnItem><PropertyName>A</PropertyName></TableColumnItem></TableColumnItems></TableRowEntry></TableRowEntries></TableControl></View></ViewDefinitions></Configuration>'
Update-FormatData -AppendPath `$file
$Harm
`$before = @(Get-FormatData *).Count
`$probe = Start-EbpfProbe -Source 'struct event { u32 pid; char comm[16]; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); __type(value, struct event); } events SEC(".maps");
SEC("raw_tp/sched_process_exec") int f(void *context) { struct event e = { 1 }; bpf_get_current_comm(e.comm, 16); bpf_ringbuf_output(&events, &e, sizeof(e), 0); return 0; }'
/bin/true
`$Error.Clear()
`$events = `$probe | Get-EbpfEvent -Duration 0
"errors: `$(`$Error.Count), lost: `$(`$before + 1 - @(Get-FormatData *).Count)"
`$events | Select-Object -First 1 | Format-Table | Out-String
[pscustomobject]@{ PSTypeName = 'Test.Other'; A = 1 } | Format-Table | Out-String
`$probe | Format-Table | Out-String
`$probe | Stop-EbpfProbe
Update-FormatData
"then: `$(`$Error.Count)"
"@
        $said | Should -Match 'errors: 0, lost: 0'
        $said | Should -Match 'pid\s+comm'
        $said | Should -Match 'OtherLabel'
        $said | Should -Match 'IsRunning'
        $said | Should -Match 'then: 0'
    }
}

Describe 'A module whose folder is gone' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Faults.ps1
        $folder = New-TestFolder
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'says so, with what to do' {
        Copy-Item -Recurse "$Repository/out/Ebee" "$folder/Ebee"
        $said = Invoke-Session @"
Remove-Item -Recurse -Force '$folder/Ebee'
foreach (`$command in { Get-ExecEvent -Duration 0 }, { Get-FileDeleteEvent -Duration 0 }, { Get-EbpfProgram }, { Get-EbpfMap }, { Get-EbpfLink }, { Get-EbpfFeature ringbuf },
    { Start-EbpfProbe -Source 'SEC("raw_tp/sys_enter") int f(void *context) { return 0; }' }) {
    try { `$null = & `$command; "fine: `$command" } catch { "`$(`$_.FullyQualifiedErrorId -match '^Ebpf' -and [bool] `$_.ErrorDetails.RecommendedAction): `$command `$_" }
}
'done'
"@ -Module "$folder/Ebee/Ebee.psd1"
        $said | Should -Match '(?m)^done'
        $said | Should -Not -Match '(?m)^False'
    }
}
