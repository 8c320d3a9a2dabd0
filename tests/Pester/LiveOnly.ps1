# Sets $LiveOnly: why no live test can run here; empty when they can. For BeforeDiscovery and BeforeAll.
$LiveOnly = if (-not (Test-Path /sys/kernel/btf/vmlinux)) {
    'needs a kernel with BTF (/sys/kernel/btf/vmlinux)'
}
elseif ((id -u) -ne 0) {
    'needs root, with CAP_BPF and CAP_PERFMON'
}
