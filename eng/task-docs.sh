# Sourced by build.sh. Makes the module's help from docs/help/*.md, and docs/kernels.md. Both are committed, so that a build needs no PlatyPS.

task_docs() {
  find_pwsh || die "the help cannot be made: $no_pwsh"
  task_build
  # The table in docs/kernels.md, below the text that a person wrote.
  # shellcheck disable=SC2016
  ROOT=$root "$pwsh" -NoProfile -NonInteractive -Command '
    Import-Module "$env:ROOT/out/Ebee/Ebee.psd1"
    $page = "$env:ROOT/docs/kernels.md"
    $text = (Get-Content -Raw $page) -replace "(?s)\| Feature \|.*"
    [IO.File]::WriteAllText($page, $text + [Ebee.Host.KernelFeature]::ToMarkdown())' </dev/null
  # shellcheck disable=SC2016
  UPDATE=$root/docs/help/update.ps1 "$pwsh" -NoProfile -NonInteractive -Command '
    if (-not (Get-Module -ListAvailable Microsoft.PowerShell.PlatyPS)) { exit 3 }
    & $env:UPDATE' </dev/null || {
    (($? == 3)) || die "docs/help/update.ps1 failed; see above"
    die "the help cannot be made without PlatyPS; type: pwsh -c 'Install-PSResource Microsoft.PowerShell.PlatyPS'"
  }
}
