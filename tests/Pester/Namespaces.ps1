# A PowerShell in namespaces of its own, where tests mount and make interfaces as they like: all of it ends with it. For
# BeforeAll, after Common.ps1.

# Runs scripts there, one after the other, each in a session of its own, with $Repository, $ModulePath and $Folder set and the
# module loaded; what they write comes back as objects. The setup is sh's.
function Invoke-InNamespaces([string[]] $Script, [string] $Folder, [string] $Setup = ':', [switch] $Network) {
    $files = foreach ($text in $Script) {
        $file = Join-Path $Folder "namespaces-$(New-Guid).ps1"
        Set-Content $file @"
Set-StrictMode -Version Latest
`$ErrorActionPreference = 'Stop'
`$Repository = '$Repository'; `$ModulePath = '$ModulePath'; `$Folder = '$Folder'
Import-Module `$ModulePath
& { $text } | Export-Clixml -Depth 4 '$file.xml'
"@
        $file
    }
    $shell = Join-Path $Folder "namespaces-$(New-Guid).sh"
    Set-Content $shell (@('set -e', $Setup) + $files.ForEach({ "'$((Get-Process -Id $PID).Path)' -NoProfile -NonInteractive -File '$_'" }) -join "`n")
    $said = unshare --mount --propagation private ($Network ? '--net' : '--mount') sh $shell 2>&1
    if ($LASTEXITCODE -ne 0) { throw ($said | Out-String) }
    foreach ($file in $files) { Import-Clixml "$file.xml" }
}

# A virtual cable from 'here' to 'there', an interface in a network namespace of its own; no packet goes by itself. sh, for -Setup.
$VirtualCable = @'
mount -t tmpfs none /run && mkdir /run/netns
ip netns add peer
ip link add here address 02:00:00:00:00:01 type veth peer name there address 02:00:00:00:00:02 netns peer
echo 1 >/proc/sys/net/ipv6/conf/here/disable_ipv6
ip netns exec peer sh -c 'echo 1 >/proc/sys/net/ipv6/conf/there/disable_ipv6'
ip address add 10.9.0.1/24 dev here
ip -n peer address add 10.9.0.2/24 dev there
ip link set here up
ip -n peer link set there up
ip neighbor replace 10.9.0.2 lladdr 02:00:00:00:00:02 dev here
ip -n peer neighbor replace 10.9.0.1 lladdr 02:00:00:00:00:01 dev there
'@

# A bpffs at /sys/fs/bpf and cgroup v2 at /sys/fs/cgroup. sh, for -Setup.
$EbpfMounts = @'
ip link set lo up
mountpoint -q /sys/fs/bpf || [ -d /sys/fs/bpf ] || { mount -t tmpfs none /sys/fs && mkdir /sys/fs/bpf /sys/fs/cgroup; }
mount -t bpf -o mode=0700 bpf /sys/fs/bpf
grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts || mount -t cgroup2 none /sys/fs/cgroup
'@

# Defines a function for -Script that runs what a Markdown page has to type, in order: C blocks become the file that the line before
# names, PowerShell blocks are run. An object for each of these: Code, Fails (whether it is to), Problem, Text.
$InvokePage = {
    function Invoke-Page([string] $Path) {
        Set-StrictMode -Off
        $ErrorActionPreference = 'Continue'
        foreach ($block in [regex]::Matches([IO.File]::ReadAllText($Path), '(?ms)(?:^`(?<file>[\w.-]+)`:\n\n)?^```(?<kind>powershell|c)(?<how>[^\n]*)\n(?<code>.*?)^```')) {
            $code = $block.Groups['code'].Value
            if ($block.Groups['kind'].Value -eq 'c') {
                Set-Content $block.Groups['file'].Value $code
                continue
            }
            # Of the trace there is one reader, and others may be at work: it is waited for.
            foreach ($attempt in 1..20) {
                $problem = $output = $null
                try {
                    $output = . ([scriptblock]::Create($code)) 2>&1 3>&1
                    $problem = $output | Where-Object { $_ -is [Management.Automation.ErrorRecord] -or $_ -is [Management.Automation.WarningRecord] } | Select-Object -First 1
                }
                catch { $problem = $_ }
                if ("$problem" -notlike '*reads the trace pipe*') { break }
                Start-Sleep -Milliseconds 500
            }
            @{
                Code    = $code
                Fails   = $block.Groups['how'].Value -match 'fails'
                Problem = "$problem"
                Id      = "$(${problem}?.FullyQualifiedErrorId)"
                Text    = ($output | Out-String -Width 120)
            }
        }
    }
}
