# Sourced by build.sh. Removes what builds made.

task_clean() {
  check_writable
  rm -rf "$out" "$root/en-US"
  find "$root" -name .git -prune -o -name '*.csproj' -printf '%h/bin\0%h/obj\0' | xargs -0 rm -rf
}
