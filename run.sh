#!/bin/bash
# Sets up, builds, and shows executions as they happen. With arguments: the same as `ebee <arguments>`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/eng/common.sh"
. "$root/eng/find-dotnet.sh"
. "$root/eng/find-pwsh.sh"

if (($# == 0 && EUID != 0)); then die "tracing needs root; type: sudo $(printf %q "${BASH_SOURCE[0]}")"; fi
find_dotnet || no_dotnet
"$root/eng/build.sh" Build >&2
if (($#)); then exec "$out/bin/ebee" "$@"; fi

# So that a quiet machine shows something. The pause is bash's own: sleep would be an execution too.
harmless() {
  local pause commands=('ls /' id date 'uname -r' 'cat /etc/hostname') i=0
  exec {pause}<> <(:)
  while true; do
    read -rt 1 -u "$pause" || true
    ${commands[i++ % ${#commands[@]}]} >/dev/null 2>&1 || true
  done
}
harmless &
trap 'kill $! 2>/dev/null || true' EXIT
trap 'exit 130' INT

if find_pwsh; then
  say "Get-ExecEvent in PowerShell $pwsh_version ($pwsh): ten executions or 15 seconds, whichever comes first"
  # shellcheck disable=SC2016
  EBEE_MODULE=$out/Ebee "$pwsh" -NoProfile -NonInteractive -Command \
    'Import-Module $env:EBEE_MODULE; Get-ExecEvent -MaxEvents 10 -Duration 15'
else
  say "ebee execsnoop ($no_pwsh): ten executions or 15 seconds, whichever comes first"
  "$out/bin/ebee" execsnoop --count 10 --duration 15s
fi
