#!/bin/bash
# Builds what is needed and prints all ratios in one table. With arguments: only those (ring pipeline events map start module
# slowdown).
set -euo pipefail
. "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../eng/common.sh"
. "$root/eng/find-dotnet.sh"
. "$root/eng/find-pwsh.sh"

if ((EUID != 0)); then die "tracing needs root; type: sudo $(printf %q "${BASH_SOURCE[0]}")"; fi
find_dotnet || no_dotnet
find_pwsh || die "no pwsh: $no_pwsh"
for tool in bpftrace clang gcc unshare; do
  type -P "$tool" >/dev/null || die "$tool is missing; type: apt-get install bpftrace clang gcc util-linux"
done
[[ -e /usr/include/bpf/libbpf.h ]] || die "libbpf's headers are missing; type: apt-get install libbpf-dev"

"$root/eng/build.sh" Build
cd "$root"
mkdir -p out/bench
for object in fill event; do
  clang -g -O2 -Wall -Werror -target bpf -mcpu=v3 -idirafter "/usr/include/$(gcc -dumpmachine)" \
    -c "bench/$object.bpf.c" -o "out/bench/$object.bpf.o"
done
gcc -O2 -Wall -Werror -o out/bench/ring_reader bench/ring_reader.c -lbpf
gcc -O2 -Wall -Werror -o out/bench/map_reader bench/map_reader.c -lbpf
gcc -O2 -Wall -Werror -o out/bench/exec_loop bench/exec_loop.c
dotnet build bench/Ebee.Bench --nologo -v quiet --tl:off -clp:NoSummary -p:UseSharedCompilation=false -o out/bench/program >&2

# bpftrace needs a tracefs: here it has one of its own, which ends with it.
# shellcheck disable=SC2016
exec unshare --mount --propagation private bash -euc '
  [[ -d /sys/kernel/tracing/events ]] || mount -t tracefs ebee-bench /sys/kernel/tracing
  exec dotnet out/bench/program/Ebee.Bench.dll "$@"' - "$@"
