# Sets $LiveOnly: why no live test can run here; empty when they can.
$LiveOnly = if (-not (Test-Path /sys/kernel/btf/vmlinux)) {
    'needs a kernel with BTF (/sys/kernel/btf/vmlinux)'
}
else {
    $capabilities = [Convert]::ToUInt64((Select-String '^CapEff:\s+(\w+)' /proc/self/status).Matches[0].Groups[1].Value, 16)
    $has = { param($Bit) ($capabilities -shr $Bit) -band 1 }
    if ((id -u) -ne 0 -or -not ((& $has 21) -or ((& $has 38) -and (& $has 39)))) { 'needs root, with CAP_BPF and CAP_PERFMON' }
}
