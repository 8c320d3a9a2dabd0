# What a session may do with less than root has, and that it trusts no file that another user can write.

Describe 'A user with <Held>' -ForEach @(
    @{ Held = 'no capability' }
    @{ Held = 'bpf,perfmon' }
    @{ Held = 'bpf,perfmon,net_admin,dac_read_search' }
) {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Faults.ps1
        $folder = New-TestFolder
        $missing = $LiveOnly
        foreach ($tool in 'clang', 'setpriv', 'ip') { if (-not $missing -and -not (Get-Command $tool -ErrorAction Ignore)) { $missing = "needs $tool" } }
        if (-not $missing) {
            $before = Get-Inventory
            # Root's own folder is closed to others.
            Copy-Item -Recurse (Split-Path $ModulePath) "$folder/module"
            $null = New-Item -ItemType Directory "$folder/home"
            $object = Build-Attach $folder
            chmod -R a+rX $folder
            chown 65534 "$folder/home"
            $list = $Held -like 'no *' ? @() : @($Held -split ',' | ForEach-Object { "+$_" }) -join ','
            $through = @('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups') + ($list ? @('--inh-caps', $list, '--ambient-caps', $list) : @())
            $kinds = [ordered]@{
                raw_tracepoint = 'raw_tracepoint_named'; tp_btf = 'btf_tracepoint_named'; tracepoint = 'tracepoint_named'
                uprobe = 'uprobe_open -BinaryPath libc.so.6 -Symbol getsid'; multi = 'uprobe_multi_open -BinaryPath libc.so.6 -Symbol getsid'; perf_event = 'perf_event_open -Frequency 10'; iter = 'iterator_named'
                xdp = 'xdp_open -Interface lo -XdpMode Generic'; tcx = 'tcx_ingress -Interface lo'; tc = 'tc_open -Interface lo'
            }
            $script = @"
`$result = [ordered]@{}
foreach (`$kind in '$(($kinds.Keys) -join "','")') {
    `$result[`$kind] = try {
        `$probe = Invoke-Expression "Start-EbpfProbe '$object' -ProgramName `$(@{ $($kinds.GetEnumerator().ForEach({ "$($_.Key) = '$($_.Value)'" }) -join '; ') }[`$kind])"
        `$probe | Stop-EbpfProbe
        'ok'
    } catch { "`$(`$_.FullyQualifiedErrorId -replace ',.*'): `$_ `$(`$_.ErrorDetails.RecommendedAction)" }
}
foreach (`$cmdlet in 'Get-ExecEvent', 'Get-FileDeleteEvent') {
    `$result[`$cmdlet] = try { & `$cmdlet -Name nobody -Duration 0; 'ok' } catch { "`$(`$_.FullyQualifiedErrorId -replace ',.*'): `$_ `$(`$_.ErrorDetails.RecommendedAction)" }
}
`$result.Permissions = (Get-EbpfFeature -Category Permission | ForEach-Object { "`$(`$_.Name)=`$(`$_.IsSupported)" }) -join ' '
`$result.Sysctl = (Get-EbpfFeature -Category Sysctl -Name unprivileged_bpf_disabled).Value
`$result | ConvertTo-Json -Compress
"@
            # tracefs as distributions mount it: for root.
            $said = Invoke-Session $script -Before 'mount -t tracefs -o mode=700 nodev /sys/kernel/tracing && ip link add dummy0 type dummy 2>/dev/null; true' -Module "$folder/module/Ebee.psd1" `
                -Environment "HOME=$folder/home", 'XDG_CACHE_HOME=', 'XDG_DATA_HOME=', 'XDG_CONFIG_HOME=' -Through (@('unshare', '--net') + $through)
            if ($said -match 'Permission denied' -and $said -notmatch '^\{') { $missing = "needs a PowerShell that every user can read: $said" }
            else { $result = ($said -split "`n" | Where-Object { $_ -like '{*' } | Select-Object -Last 1) | ConvertFrom-Json -AsHashtable }
        }
        $isAllowed = $Held -notlike 'no *'
        # A setting of Debian's kernels, among others.
        $paranoid = [int](Get-Content /proc/sys/kernel/perf_event_paranoid)
        $refused = "^EbpfPermissionDenied: .*with kernel.perf_event_paranoid at $paranoid, perf events need CAP_SYS_ADMIN\. .*sudo sysctl kernel.perf_event_paranoid=2"
    }
    BeforeEach {
        if ($missing) { Set-ItResult -Skipped -Because $missing }
        elseif (-not $result) { throw $said }
    }
    AfterAll {
        if (-not $missing) { Get-LeftBehind $before | Should -BeNullOrEmpty }
        Remove-Item -Recurse -Force $folder
    }

    It 'may use the tracers and the kinds that trace' {
        foreach ($kind in 'Get-ExecEvent', 'Get-FileDeleteEvent', 'raw_tracepoint', 'tp_btf', 'multi', 'perf_event', 'iter') {
            if ($kind -eq 'multi' -and $result.multi -like 'EbpfNotSupported*Linux 6.6*' -and (uname -r) -match '^6\.[0-5]\.|^5\.') { continue }
            if ($isAllowed -and $kind -eq 'perf_event' -and $paranoid -ge 3) { $result.$kind | Should -Match $refused }
            elseif ($isAllowed) { $result.$kind | Should -Be 'ok' -Because $kind }
            else {
                $result.$kind | Should -Match '^EbpfPermissionDenied: .*lacks CAP_BPF and CAP_PERFMON.*sudo setpriv .*--ambient-caps \+bpf,\+perfmon' -Because $kind
            }
        }
    }

    It 'may not use single uprobes, and is told of uprobe.multi' {
        if ($isAllowed) { $result.uprobe | Should -Match '^EbpfPermissionDenied: .*lacks CAP_SYS_ADMIN\..*SEC\("uprobe\.multi"\)' }
        else { $result.uprobe | Should -Match '^EbpfPermissionDenied: .*lacks CAP_BPF and CAP_PERFMON' }
    }

    It 'may use tracepoints where it may read tracefs' {
        if ($Held -like '*dac_read_search*' -and $paranoid -ge 3) { $result.tracepoint | Should -Match $refused }
        elseif ($Held -like '*dac_read_search*') { $result.tracepoint | Should -Be 'ok' }
        else { $result.tracepoint | Should -Match '^EbpfPermissionDenied: .*tracefs|/sys/kernel/tracing' }
    }

    It 'may use network kinds with CAP_NET_ADMIN' {
        foreach ($kind in 'xdp', 'tcx', 'tc') {
            if ($kind -ne 'xdp' -and $result.$kind -like 'EbpfNotSupported*Linux 6.6*' -and (uname -r) -match '^6\.[0-5]\.|^5\.') { continue }
            if ($Held -like '*net_admin*') { $result.$kind | Should -Be 'ok' -Because $kind }
            elseif ($isAllowed) { $result.$kind | Should -Match '^EbpfPermissionDenied: .*lacks CAP_NET_ADMIN\..*\+net_admin' -Because $kind }
            else { $result.$kind | Should -Match '^EbpfPermissionDenied: .*lacks CAP_BPF and CAP_NET_ADMIN' -Because $kind }
        }
    }

    It 'is told by Get-EbpfFeature' {
        $result.Permissions | Should -BeLike "*tracing=$isAllowed*"
        $result.Permissions | Should -BeLike "*perf_events=$($isAllowed -and $paranoid -lt 3)*"
        $result.Permissions | Should -BeLike "*network=$($Held -like '*net_admin*')*"
        $result.Permissions | Should -BeLike '*inventory=False*'
        $result.Sysctl | Should -Be (Get-Content /proc/sys/kernel/unprivileged_bpf_disabled)
    }
}

Describe 'A file that others can write' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        . $PSScriptRoot/Faults.ps1
        $folder = New-TestFolder
        $missing = $LiveOnly
        if (-not $missing -and -not (Get-Command clang -ErrorAction Ignore)) { $missing = 'needs clang' }
    }
    BeforeEach {
        if ($missing) { Set-ItResult -Skipped -Because $missing }
    }
    AfterAll {
        Remove-Item -Recurse -Force $folder
    }

    It 'is refused when it is an object, and named in a warning when it is allowed' {
        $object = Build-Attach $folder
        $start = { Start-EbpfProbe $object -ProgramName raw_tracepoint_named -AllowUntrusted -WarningVariable warnings -WarningAction SilentlyContinue | Stop-EbpfProbe; $warnings }
        & $start | Should -BeNullOrEmpty
        chmod o+w $object
        & $start | Should -BeLike "every user can write to $object, *"
        $errors = $null
        Start-EbpfProbe $object -ProgramName raw_tracepoint_named -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'EbpfFileUntrusted,*'
        $errors[0].ErrorDetails.RecommendedAction | Should -BeLike "*chmod go-w '$object'*-AllowUntrusted*"
        chmod o-w $object
        chown 65534 $object
        & $start | Should -BeLike "$object belongs to the user nobody, *"
        chown 0 $object
        chmod 777 $folder
        & $start | Should -BeLike "every user can write to $folder, *"
        chmod 1777 $folder # sticky
        & $start | Should -BeNullOrEmpty
        chmod 755 $folder
    }

    It 'is named in a warning when it is the module, and not loaded when it is native' {
        Copy-Item -Recurse (Split-Path $ModulePath) "$folder/module"
        $module = "$folder/module/Ebee.psd1"
        $script = "Get-ExecEvent -Name nobody -Duration 0 -WarningVariable w; Get-ExecEvent -Name nobody -Duration 0 -WarningVariable +w; `"warnings: `$(`$w.Count)`""
        Invoke-Session $script -Module $module | Should -Match 'warnings: 0'
        chmod o+w "$folder/module/Ebee.dll"
        $said = Invoke-Session $script -Module $module
        $said | Should -Match "every user can write to $folder/module/Ebee.dll"
        $said | Should -Match 'warnings: 1' -Because 'once is enough'
        chmod o-w "$folder/module/Ebee.dll"
        # A file of views runs script blocks; whichever cmdlet is the first looks.
        chmod o+w "$folder/module/Formatting/EbpfMap.format.ps1xml"
        $said = Invoke-Session "`$null = Get-EbpfMap -WarningVariable w; `$null = Get-EbpfMap -WarningVariable +w; `"warnings: `$(`$w.Count)`"" -Module $module
        $said | Should -Match "every user can write to $folder/module/Formatting/EbpfMap.format.ps1xml.*chmod go-w"
        $said | Should -Match 'warnings: 1'
        chmod o-w "$folder/module/Formatting/EbpfMap.format.ps1xml"
        chmod o+w (Get-ChildItem -Recurse "$folder/module" -Filter libbpf.so.1).FullName
        Invoke-Session "try { $script } catch { `$_.FullyQualifiedErrorId }" -Module $module | Should -Match 'EbpfFileUntrusted'
    }
}
