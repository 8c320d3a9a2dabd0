# Sourced, after find_dotnet. find_pwsh sets pwsh (the program) and pwsh_version; else no_pwsh says why there is none.

# One that is found is put on PATH, so that what it runs can start another.
find_pwsh() {
  local restored=$out/tools/pwsh
  no_pwsh=${EBEE_NO_PWSH:-}
  [[ -z $no_pwsh ]] || return 1
  for pwsh in "$(command -v pwsh || true)" "$restored"; do
    if is_pwsh "$pwsh" || { [[ $pwsh == "$restored" ]] && restore_pwsh && is_pwsh "$pwsh"; }; then
      PATH=$(dirname "$pwsh"):$PATH
      return 0
    fi
  done
  # Not tried again by what this run starts.
  export EBEE_NO_PWSH=$no_pwsh
  return 1
}

is_pwsh() {
  [[ -x $1 ]] || return 1
  pwsh_version=$("$1" --version 2>/dev/null </dev/null) || return 1
  pwsh_version=${pwsh_version#PowerShell }
  printf '%s\n' 7.6 "$pwsh_version" | sort -VC ||
    { say "$1 is PowerShell $pwsh_version; 7.6 or newer is needed"; return 1; }
}

# The version is that of the tool manifest. A path of its own, since `dotnet tool run` works below the manifest only.
restore_pwsh() {
  local version output
  version=$(sed -n 's/.*"version": "\([0-9][^"]*\)".*/\1/p' "$root/.config/dotnet-tools.json")
  say "pwsh 7.6 or newer is not on PATH: restoring PowerShell $version"
  if ! output=$(timeout --foreground 300 dotnet tool install powershell --version "$version" \
      --tool-path "$out/tools" </dev/null 2>&1); then
    output=$(tail -n 1 <<<"${output:-dotnet took too long}" | sed 's, in NuGet feeds.*,,; s,^Unhandled exception: ,,')
    no_pwsh="no pwsh 7.6 or newer on PATH, and none could be restored: $output"
    return 1
  fi
  no_pwsh="the restored pwsh $version does not run"
}
