# Sourced. find_dotnet puts the .NET SDK on PATH and lets what it starts find its runtime.

find_dotnet() {
  local dotnet folder
  for dotnet in "$(command -v dotnet || true)" "${DOTNET_ROOT:-}/dotnet" "$HOME/.dotnet/dotnet" \
      /usr/{share,lib}/dotnet/dotnet; do
    [[ -x $dotnet && $("$dotnet" --list-sdks 2>/dev/null) =~ (^|$'\n')10\. ]] || continue
    folder=$(dirname "$(realpath "$dotnet")")
    if [[ -d $folder/host/fxr ]]; then export DOTNET_ROOT=$folder; fi
    PATH=$(dirname "$dotnet"):$PATH
    # Without libicu the SDK starts in this mode only.
    if ! has_library libicuuc; then export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1; fi
    # Nothing of a build stays behind as a process.
    export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
    export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
    return 0
  done
  return 1
}

no_dotnet() {
  local advice="install it from https://dotnet.microsoft.com/download/dotnet/10.0"
  advice+=" (Ubuntu 24.04: apt-get install dotnet-sdk-10.0)"
  # shellcheck disable=SC2016
  if [[ -n ${SUDO_USER:-} ]]; then advice+='; if it is yours alone: sudo env PATH="$PATH" '$0; fi
  die "the .NET 10 SDK was not found: $advice"
}
