# Sourced by build.sh. What is handed out: the module, the command, and libbpf as a NuGet package, in out/package.

task_package() {
  local packages=$out/package work=$out/package.new machine
  task_build
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) die "no package is made for $(uname -m)" ;;
  esac
  rm -rf "$work"
  mkdir -p "$work/Ebee"
  # Unpacked into a folder of PSModulePath it is an installed module.
  cp -r "$out/Ebee" "$work/Ebee/$version"
  archive "Ebee.$version-linux-$machine.tar.gz" Ebee
  cp -r "$out/bin" "$work/ebee-$version"
  cp "$root/LICENSE" "$work/ebee-$version/"
  archive "ebee-$version-linux-$machine.tar.gz" "ebee-$version"
  rm -rf "$work/Ebee" "$work/ebee-$version"
  quietly dotnet pack "$root/src/LibBpf.Native" -o "$work"
  rm -rf "$packages"
  mv "$work" "$packages"
  find "$packages" -type f
}

# The same files give the same archive.
archive() { # <name> <folder>
  local time
  time=$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)
  tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mode=go-w --mtime="@$time" -cf - "$2" |
    gzip -n >"$work/$1"
}
