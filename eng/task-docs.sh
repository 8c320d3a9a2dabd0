# Sourced by build.sh. Makes the module's help from docs/help/*.md. It is committed, so that a build needs no PlatyPS.

task_docs() {
  find_pwsh || die "the help cannot be made: $no_pwsh"
  # shellcheck disable=SC2016
  UPDATE=$root/docs/help/update.ps1 "$pwsh" -NoProfile -NonInteractive -Command '
    if (-not (Get-Module -ListAvailable Microsoft.PowerShell.PlatyPS)) { exit 3 }
    & $env:UPDATE' </dev/null || {
    (($? == 3)) || die "docs/help/update.ps1 failed; see above"
    die "the help cannot be made without PlatyPS; type: pwsh -c 'Install-PSResource Microsoft.PowerShell.PlatyPS'"
  }
}
