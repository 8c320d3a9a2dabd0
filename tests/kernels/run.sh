#!/bin/bash
# Runs a command in another Linux kernel, over this machine's own root file system. See README.md.
set -Eeuo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ebee/kernels
modules=(virtio_pci virtio_console 9p 9pnet_virtio overlay)

say() { echo "run.sh: $*" >&2; }
die() { say "$*"; exit 125; }
trap 'die "line $LINENO failed"' ERR
usage() {
    cat >&2 <<EOF
usage: run.sh [option...] <kernel> [--] <command> [argument...]
  --timeout SECONDS   kill the machine after this long (600), exit code 124
  --tracefs           mount tracefs on /sys/kernel/tracing
  --debugfs           mount debugfs on /sys/kernel/debug
  --bpffs             mount bpffs on /sys/fs/bpf
  --securityfs        mount securityfs on /sys/kernel/security
  --memory SIZE       memory of the machine (3G)
  --append WORDS      more words for the kernel command line
  --update            look for a newer package first
  --quiet             do not print how long the boot took
kernels: $(awk '/^[^#]/ { printf "%s ", $1 }' "$here/list")
EOF
    exit 125
}

timeout=600 memory=3G append= mounts= update= quiet= kernel=
while (($#)); do
    case $1 in
        --timeout) timeout=${2:?}; shift ;;
        --memory) memory=${2:?}; shift ;;
        --append) append=${2?}; shift ;;
        --tracefs|--debugfs|--bpffs|--securityfs) mounts+=" ${1#--}" ;;
        --update) update=1 ;;
        --quiet) quiet=1 ;;
        --) shift; break ;;
        -*) usage ;;
        *) [[ -z $kernel ]] || break; kernel=$1 ;;
    esac
    shift
done
[[ -n $kernel ]] && (($#)) || usage
read -r suite pattern < <(awk -v k="$kernel" '$1 == k { print $2, $4 }' "$here/list") || die "no kernel '$kernel' in $here/list"

need() {
    local missing=() package
    for package in qemu-system-x86 busybox-static cpio; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    ((EUID == 0)) || die "missing: ${missing[*]} (apt-get install ${missing[*]})"
    say "installing ${missing[*]}"
    { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >&2
}

# apt with the suite alone, from where this machine has Debian's packages, and nothing of the machine's own lists changed.
apt() {
    local folder=$cache/apt/$suite tool=$1
    shift
    "$tool" -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$folder/lists" \
        -o Dir::Cache="$folder/cache" -o Dir::State::Status=/dev/null -o APT::Sandbox::User=root -o APT::Architecture=amd64 "$@"
}

# Asks for what there is, unless that was asked within a day.
update() {
    local folder=$cache/apt/$suite mirror
    [[ -n $update || -z $(find "$folder/updated" -mtime -1 2>/dev/null) ]] || return 0
    mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Identifier: Packages' |
        awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }')
    [[ -n $mirror ]] || die "apt has no source of Debian's packages on this machine"
    mkdir -p "$folder"/{lists,cache/archives}/partial
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$folder/sources.list"
    apt apt-get update -q >&2
    touch "$folder/updated"
}

newest() { apt apt-cache search --names-only "^$pattern\$" | cut -d ' ' -f 1 | sort -V | tail -n 1; }

# Newer packages are split: the image names the others.
with_parts() { # <package of the image>
    local part
    echo "$1"
    for part in binary modules; do
        apt apt-cache pkgnames "linux-$part-${1#linux-image-}" | grep -xF "linux-$part-${1#linux-image-}" || true
    done
}

ready() { [[ -e $dir/ready && $(<"$dir/ready") == "$pattern ${modules[*]}" ]]; }

# Unpacks the package and builds the part of the initramfs that is the same for every run.
prepare() {
    local new=$cache/.$kernel.new package packages version module file
    update
    package=$(newest)
    [[ -n $package ]] || die "$suite has no package $pattern"
    if ready && [[ $(<"$dir/package") == "$package" ]]; then return 0; fi
    say "$kernel: unpacking $package"
    rm -rf "$new"
    mkdir -p "$new/initramfs/modules"
    mapfile -t packages < <(with_parts "$package")
    (cd "$new" && apt apt-get download -qq "${packages[@]}" >&2)
    for file in "$new"/*.deb; do dpkg-deb -x "$file" "$new"; done
    rm "$new"/*.deb
    [[ -d $new/lib/modules ]] || ln -s usr/lib "$new/lib"
    version=$(basename "$new"/lib/modules/*)
    busybox depmod -b "$new" "$version"

    # Numbered in the order of loading: modules.dep has what a module needs after it, the first needed last.
    # What is not there is built into the kernel.
    local -A done=()
    for module in "${modules[@]}"; do
        while read -r file; do
            [[ -n $file && -z ${done[$file]-} ]] || continue
            done[$file]=1
            xz -dcf "$new/lib/modules/$version/$file" >"$new/initramfs/modules/$(printf %02d ${#done[@]})"
        done < <(sed -nE "/\/$module\.ko(\.xz)?:/ s/:? +|:$/\n/gp" "$new/lib/modules/$version/modules.dep" | tac)
    done
    mkdir -p "$new"/initramfs/{bin,dev,proc,sys,lower,root}
    cp "$(command -v busybox)" "$new/initramfs/bin/busybox"
    (cd "$new/initramfs" && find . | cpio --quiet -o -H newc >../initramfs.cpio)
    rm -rf "$new"/initramfs "$new"/usr/share
    echo "$package" >"$new/package"
    echo "$version" >"$new/version"
    echo "$pattern ${modules[*]}" >"$new/ready"
    rm -rf "$dir"
    mv "$new" "$dir"
}

job= vm=
cleanup() {
    if [[ -n $vm ]]; then kill "$vm" 2>/dev/null || true; wait "$vm" 2>/dev/null || true; fi
    [[ -z $job ]] || rm -rf "$job"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

need
mkdir -p "$cache"
dir=$cache/$kernel
# Shared while a machine runs from the folder, exclusive while it is replaced.
exec 9>"$cache/.$kernel.lock"
flock -s 9
if [[ -n $update ]] || ! ready; then
    flock 9
    if [[ -n $update ]] || ! ready; then prepare; fi
    flock -s 9
fi
version=$(<"$dir/version")
image=$dir/boot/vmlinuz-$version
[[ -e $image ]] || image=$dir/lib/modules/$version/vmlinuz
job=$(mktemp -d /tmp/ebee-kernel.XXXXXX)

# What is of this run only goes in a second archive: the kernel unpacks one after the other.
mkdir "$job/initramfs" "$job/initramfs/job"
cp "$here/init" "$job/initramfs/init"
cp "$here/inside" "$job/initramfs/job/inside"
echo "$mounts" >"$job/initramfs/job/mounts"
echo "$dir" >"$job/initramfs/job/package"
{
    export -p
    printf 'cd %q || exit 125\n' "$PWD"
    printf 'exec'
    printf ' %q' "$@"
    echo
} >"$job/initramfs/job/command"
chmod +x "$job/initramfs/init"
(cd "$job/initramfs" && find . | cpio --quiet -o -H newc | cat "$dir/initramfs.cpio" - >"$job/initrd")
rm -rf "$job/initramfs"

# One boot. Sets booted (seconds until the command was started, or empty) and code (its exit code, or empty).
boot() {
    local start=$EPOCHREALTIME tails=() status=0
    booted= code=
    : >"$job/out"; : >"$job/err"; : >"$job/control"; : >"$job/console"
    # One thread for all of the guest's processors: with thread=multi, QEMU 7.2 may run what the kernel has just
    # patched in its own code (static branches, ftrace) as it was before, and the guest dies or stands still.
    # If this script is killed outright, timeout still ends, and with it qemu.
    setpriv --pdeathsig TERM timeout -k 5 "$timeout" \
        setpriv --pdeathsig KILL qemu-system-x86_64 \
        -accel tcg,thread=single -cpu max -smp 2 -m "$memory" -nodefaults -display none -no-reboot \
        -kernel "$image" -initrd "$job/initrd" \
        -append "console=ttyS0 loglevel=5 panic=-1 mitigations=off ebee.guest=1 $append" \
        -chardev file,id=console,path="$job/console" -serial chardev:console \
        -device virtio-serial-pci \
        -chardev file,id=out,path="$job/out" -device virtserialport,chardev=out,nr=1 \
        -chardev file,id=err,path="$job/err" -device virtserialport,chardev=err,nr=2 \
        -chardev file,id=control,path="$job/control" -device virtserialport,chardev=control,nr=3 \
        -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
        -device virtio-9p-pci,fsdev=root,mount_tag=root </dev/null >"$job/qemu" 2>&1 &
    vm=$!
    # Files and not pipes to the reader: the guest spins with interrupts off when a port does not take what it writes.
    tail -q -c +1 -s 0.2 --pid=$vm -f "$job/out" & tails+=($!)
    tail -q -c +1 -s 0.2 --pid=$vm -f "$job/err" >&2 & tails+=($!)
    while kill -0 "$vm" 2>/dev/null; do
        if [[ -s $job/control ]]; then
            booted=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
            rm "$job/initrd"    # holds the environment
            break
        fi
        sleep 0.2
    done
    [[ -z $booted || -n $quiet ]] || say "$kernel ($version): command started after $booted s"
    wait "$vm" || status=$?
    vm=
    wait "${tails[@]}" || true
    code=$(sed -n 's/^exit //p' "$job/control")
    if [[ -s $job/control && -z $booted ]]; then booted=0; fi
    cp "$job/console" "$cache/$kernel.console"
    if [[ -z $code ]] && ((status == 124 || status == 137)); then
        say "$kernel: killed after $timeout s"
        exit 124
    fi
}

boot
if [[ -z $booted ]]; then
    say "$kernel ($version): did not come up, booting once more; its console:"
    tail -n 30 "$job/console" "$job/qemu" >&2
    boot
fi
[[ -n $code ]] && exit "$code"
say "$kernel ($version): the machine went down${booted:+ during the command}; its console:"
tail -n 60 "$job/console" >&2
exit 125
