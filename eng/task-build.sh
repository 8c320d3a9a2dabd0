# Sourced by build.sh. Builds the module in out/Ebee and the command in out/bin, unless nothing changed.

version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")

# All that a build is made from, with times and sizes: equal lists, equal builds.
list_sources() ( # <more folders>...
  cd "$root" || exit
  find . -maxdepth 1 -type f \( -name '*.props' -o -name '*.targets' -o -name Ebee.psd1 -o -name global.json \
    -o -name .editorconfig -o -name LICENSE \) -printf '%p %T@ %s\n' | sort
  for folder in bpf src docs/help/en-US eng/Shipped.slnf eng/task-build.sh "$@"; do
    [[ -e $folder ]] || continue
    find "$folder" \( -name bin -o -name obj \) -prune -o -type f -printf '%p %T@ %s\n' | sort
  done
  dotnet --list-sdks
  find /usr/lib /usr/lib64 -maxdepth 2 -name 'libbpf.so.1*' -printf '%p %T@ %s\n' 2>/dev/null || true
)

is_current() { # <list> <what must be there>...
  local file
  for file in "${@:2}"; do [[ -e $file ]] || return 1; done
  [[ -e $1 ]] && list_sources "${listed[@]}" | cmp -s - "$1"
}

task_build() {
  "$root/eng/setup.sh" "$@"
  local listed=()
  if is_current "$out/sources" "$out/Ebee/Ebee.psd1" "$out/bin/ebee"; then return 0; fi
  check_versions
  check_writable
  mkdir -p "$out"
  exec 9>"$out/lock"
  flock 9
  if ! is_current "$out/sources" "$out/Ebee/Ebee.psd1" "$out/bin/ebee"; then build; fi
  exec 9>&-
}

check_versions() {
  local module
  module=$(sed -n "s/^ *ModuleVersion *= *'\(.*\)'.*/\1/p" "$root/Ebee.psd1")
  [[ -n $version && $version == "$module" ]] ||
    die "Directory.Build.props says version '$version' and Ebee.psd1 says '$module': make them equal"
}

check_writable() {
  local foreign
  foreign=$(find "$root" -path "$root/.git" -prune -o \( -name out -o -name bin -o -name obj -o -path "$root" \) \
    -type d ! -writable -print -quit)
  [[ -z $foreign ]] ||
    die "$foreign cannot be written (built by root before?); type: sudo chown -R $(id -un) '$root'"
}

build() {
  local new=$out/new name
  say "Building Ebee $version"
  list_sources >"$out/sources.new"
  rm -rf "$new" "$out/publish"
  quietly dotnet publish "$root/eng/Shipped.slnf" -p:UseSharedCompilation=false
  mkdir -p "$new"
  mv "$out/publish/Ebee.PowerShell" "$new/Ebee"
  mv "$out/publish/Ebee.Cli" "$new/bin"
  rm -f "$new"/*/*.xml "$new"/Ebee/*.deps.json
  sed "s:'out/Ebee/:':" "$root/Ebee.psd1" >"$new/Ebee/Ebee.psd1"
  cp -r "$root/src/Ebee.PowerShell/Formatting" "$root/LICENSE" "$new/Ebee/"
  if [[ -d $root/docs/help/en-US ]]; then cp -r "$root/docs/help/en-US" "$new/Ebee/"; fi
  for name in Ebee bin; do
    cp -r "$root/src/LibBpf.Native/bin/native/runtimes" "$new/$name/"
    # What runs from the old folder keeps its files: they are replaced, not overwritten.
    rm -rf "${out:?}/$name"
    mv "$new/$name" "$out/$name"
  done
  rm -rf "$new" "$out/publish"
  # PowerShell looks for a module's help beside its manifest, and there is one in the root.
  ln -sfn out/Ebee/en-US "$root/en-US"
  mv "$out/sources.new" "$out/sources"
}

# What it prints is shown when it fails. The lock is not for what it starts.
quietly() {
  local log=$out/build.log
  if ! "$@" -nologo --tl:off >"$log" 2>&1 </dev/null 9>&-; then
    cat "$log" >&2
    die "the build failed; see above"
  fi
  grep -E 'warning [A-Z]+[0-9]+' "$log" | sort -u >&2 || true
}
