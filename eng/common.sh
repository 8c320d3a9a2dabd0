# Sourced by the scripts: where the repository is, and how they speak.
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
out=$root/out
export HOME=${HOME:-~}
# PowerShell colours what it writes to a file, too.
if [[ ! -t 1 ]]; then export NO_COLOR=1; fi

# Standard output belongs to what a script was asked for.
say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

has_library() { [[ $(PATH=$PATH:/usr/sbin:/sbin ldconfig -p) == *[[:space:]]"$1"* ]]; }
