# Get-EbpfFeature as users type it. That it is right is tested by the library's own tests, against bpftool, libbpf and the
# verifier.
Describe 'Get-EbpfFeature' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        $folder = New-TestFolder
    }
    BeforeEach {
        if ($LiveOnly) { Set-ItResult -Skipped -Because $LiveOnly }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'shows every category but helpers, and all of them when asked' {
        $some = Get-EbpfFeature -WarningVariable warned
        $warned | Should -BeNullOrEmpty
        $some.Category | Sort-Object -Unique | Should -Be ProgramType, MapType, AttachKind, Limit, KernelOption, Sysctl, System, Permission
        $all = Get-EbpfFeature -Full
        ($all | Where-Object Category -ne Helper).Count | Should -Be $some.Count
        $helpers = ($all | Where-Object Category -eq Helper).Name
        $helpers.Count | Should -BeGreaterThan 170
        $helpers | Should -Contain bpf_trace_printk
        # What writes to the kernel's log is tried only when it is asked for.
        $quiet = (Get-EbpfFeature -Category Helper).Name
        Compare-Object $helpers $quiet | ForEach-Object InputObject | Sort-Object | Should -Be bpf_probe_write_user, bpf_trace_printk, bpf_trace_vprintk
        (Get-EbpfFeature bpf_trace_printk).ProgramType | Should -Contain kprobe
        ($all | Group-Object Category, Name | Where-Object Count -gt 1) | Should -BeNullOrEmpty
    }

    It 'says what bpftool says' {
        if (-not (Get-Command bpftool -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'needs bpftool' }
        $expected = bpftool -j feature probe kernel | ConvertFrom-Json -AsHashtable
        foreach ($entry in $expected.map_types.GetEnumerator()) {
            (Get-EbpfFeature ($entry.Key -replace '^have_|_map_type$') -Category MapType).IsSupported | Should -Be $entry.Value
        }
        foreach ($entry in $expected.system_config.GetEnumerator() | Where-Object Key -like CONFIG_*) {
            (Get-EbpfFeature $entry.Key).Value | Should -Be $entry.Value
        }
    }

    It 'takes names, wildcards and categories' {
        (Get-EbpfFeature RINGBUF -Category MapType).Name | Should -Be ringbuf
        $ringbuf = Get-EbpfFeature *ringbuf*
        $ringbuf.Category | Sort-Object -Unique | Should -Be MapType, Helper
        ($ringbuf | Where-Object Name -eq bpf_ringbuf_output).ProgramType | Should -Contain tracepoint
        (Get-EbpfFeature -Category MapType, Limit).Category | Sort-Object -Unique | Should -Be MapType, Limit
        @(Get-EbpfFeature no_such_*).Count | Should -Be 0
        (Get-EbpfFeature bpf_jit_enable | Get-EbpfFeature).Name | Should -Be bpf_jit_enable
        try { Get-EbpfFeature ringbuff -Category MapType; throw 'no error' }
        catch {
            $_.FullyQualifiedErrorId | Should -BeLike 'EbpfFeatureNotFound,*'
            $_.CategoryInfo.Category | Should -Be ObjectNotFound
            $_.ErrorDetails.RecommendedAction | Should -Match 'nearest are ringbuf\b'
        }
    }

    It 'completes names, of the categories that are chosen' {
        (TabExpansion2 'Get-EbpfFeature ringb').CompletionMatches.CompletionText | Should -Be ringbuf
        (TabExpansion2 'Get-EbpfFeature bpf_ringbuf_o').CompletionMatches.CompletionText | Should -Be bpf_ringbuf_output
        (TabExpansion2 'Get-EbpfFeature -Category Sysctl -Name ').CompletionMatches.CompletionText | Should -Contain bpf_jit_enable
        (TabExpansion2 'Get-EbpfFeature -Category Sysctl -Name ').CompletionMatches.CompletionText | Should -Not -Contain ringbuf
        (TabExpansion2 'Get-EbpfFeature -Category Att').CompletionMatches.CompletionText | Should -Be AttachKind
    }

    It 'fits its views' {
        $table = Get-EbpfFeature -Full | Format-Table | Out-String -Width 120
        foreach ($line in $table -split "`n") { $line.TrimEnd().Length | Should -BeLessOrEqual 120 }
        $table | Should -Match '(?m)^MapType +ringbuf +True'
        $table | Should -Match '(?m)^Helper +bpf_xdp_adjust_head +True +xdp'
        Get-EbpfFeature bpf_xdp_adjust_head | Format-List | Out-String | Should -Match '(?m)^ProgramType +: xdp'
        (Get-EbpfFeature ringbuf | ConvertTo-Json -Depth 2 | ConvertFrom-Json).IsSupported | Should -BeTrue
    }

    It 'tells who has no rights what can be told, and no more' {
        if (-not (Get-Command setpriv -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'needs setpriv' }
        # The module where that user can read it.
        Copy-Item -Recurse "$Repository/out/Ebee" "$folder/Ebee"
        chmod -R a+rX "$folder"
        Set-Content "$folder/ask.ps1" @"
            `$env:HOME = '/nonexistent'
            Import-Module '$folder/Ebee/Ebee.psd1'
            `$all = Get-EbpfFeature -Full -WarningVariable warned -WarningAction SilentlyContinue
            @{ All = `$all | Select-Object Category, Name, IsSupported, Value, Detail; Warned = "`$warned" } | ConvertTo-Json -Depth 4 -EnumsAsStrings
"@
        $said = setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --inh-caps=-all (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File "$folder/ask.ps1" | Out-String
        $result = $said | ConvertFrom-Json
        $result.Warned | Should -Match 'ProgramType, MapType, Helper, AttachKind, Limit.*CAP_BPF and CAP_PERFMON and CAP_NET_ADMIN.*sudo pwsh'
        $tried = $result.All | Where-Object Category -in ProgramType, MapType, Helper, AttachKind, Limit
        $tried.Count | Should -BeGreaterThan 200
        $tried | Where-Object IsSupported -eq $false | Should -BeNullOrEmpty
        ($result.All | Where-Object Name -eq kernel_release).Value | Should -Be (uname -r)
        ($result.All | Where-Object Name -eq btf).IsSupported | Should -BeTrue
        $permissions = $result.All | Where-Object Category -eq Permission
        $permissions.IsSupported | Sort-Object -Unique | Should -Be $false
        ($permissions | Where-Object Name -eq tracing).Detail | Should -Match 'lacks CAP_BPF and CAP_PERFMON$'
        # Who may load, but make no network namespace and no mount, is not told that xdp and tracepoints cannot be attached.
        $caps = '+bpf,+perfmon,+net_admin'
        $said = setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=$caps --ambient-caps=$caps (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File "$folder/ask.ps1" | Out-String
        $kinds = ($said | ConvertFrom-Json).All | Where-Object Category -eq AttachKind
        foreach ($kind in $kinds | Where-Object Name -in xdp, tcx, sk_lookup, netfilter) {
            $kind.IsSupported | Should -BeNullOrEmpty
            $kind.Detail | Should -Match 'no network namespace'
        }
        ($kinds | Where-Object Name -eq raw_tracepoint).IsSupported | Should -BeTrue
        ($permissions | Where-Object Name -eq symbols).Detail | Should -Match 'lacks CAP_SYSLOG$'
    }
}
