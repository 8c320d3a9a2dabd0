#!/bin/bash
# Copies the distribution's libbpf, what it links to and their licences to a folder, and prints libbpf's version.
set -euo pipefail

target=${1:?usage: collect.sh <folder>}
die() { echo "collect.sh: $*" >&2; exit 1; }

# What dpkg has a library under: it does not know that /lib is a link to /usr/lib.
package_of() {
  local file
  for file in "$1" "/usr$1" "${1#/usr}"; do
    dpkg-query -S "$file" 2>/dev/null | sed -n '1s/:.*//p' && return
  done
  return 1
}

copy_licence() {
  local package=$1 text
  mkdir -p "$target/licenses"
  cp "/usr/share/doc/$package/copyright" "$target/licenses/$package.txt"
  { grep -ho '/usr/share/common-licenses/[A-Z0-9.-]*[A-Z0-9]' "$target/licenses/$package.txt" || true; } | sort -u |
    while read -r text; do cp "$text" "$target/licenses/"; done
}

bits=$(getconf LONG_BIT)
libbpf=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p | awk -v bits="$bits" \
  '$1 == "libbpf.so.1" && (bits == 32 || /x86-64|AArch64|64bit/) && !n++ { print $NF }')
[[ -n $libbpf ]] || die "libbpf.so.1 is not installed (apt-get install libbpf1)"

rm -rf "$target"
mkdir -p "$target"
while read -r name _ path _; do
  case $name in
    libbpf.so.1 | libelf.so.1 | libz.so.1 | libzstd.so.1) ;;
    linux-vdso.* | libc.* | libpthread.* | libdl.* | */ld-linux-*) continue ;;
    *) die "$libbpf links to $name, which LibBpfResolver.cs does not load" ;;
  esac
  [[ -f $path ]] || die "$libbpf links to $name, which is not installed"
  install -m 644 "$(realpath "$path")" "$target/$name"
  package=$(package_of "$(realpath "$path")") || die "no package owns $path: its licence is unknown"
  copy_licence "$package"
done < <(echo "libbpf.so.1 => $libbpf"; ldd "$libbpf")

version=$(basename "$(realpath "$libbpf")")
echo "${version#libbpf.so.}"
