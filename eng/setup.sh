#!/bin/bash
# Installs what the build needs and is missing; with --tests also what some tests need, as far as it can be had.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$root/eng/find-dotnet.sh"

has_command() { [[ -n $(PATH=$PATH:/usr/sbin:/sbin type -P "$1") ]]; }

missing=()
need() { # <package> <check> <argument>
  "${@:2}" || missing+=("$1")
}

apt() { # <package>...
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 \
    "$@" </dev/null >&2
}

updated=
update() {
  [[ -z $updated ]] || return 0
  updated=1
  apt-get update -q </dev/null >&2 ||
    say "setup.sh: apt-get update failed; going on with the package lists that are there"
}

find_dotnet || no_dotnet

need clang has_command clang
need llvm has_command llvm-strip
need libbpf-dev test -e /usr/include/bpf/bpf_core_read.h
need libc6-dev test -e /usr/include/linux/bpf.h
need libbpf1 has_library libbpf.so.1
need ca-certificates test -e /etc/ssl/certs/ca-certificates.crt

if ((${#missing[@]})); then
  has_command apt-get || die "missing: ${missing[*]} (these are Debian's names; there is no apt-get to install them)"
  ((EUID == 0)) || die "missing: ${missing[*]}; type: sudo apt-get install -y ${missing[*]}"
  say "setup.sh: installing ${missing[*]}"
  update
  apt "${missing[@]}" || die "apt-get could not install ${missing[*]}; see above"
fi

[[ ${1:-} == --tests ]] && ((EUID == 0)) && has_command apt-get || exit 0

# What only tests need is asked for once; where it cannot be had, those tests skip.
want() { # <command> <packages, or other packages>...
  local command=$1 packages
  shift
  if has_command "$command" || [[ -e $out/setup/no-$command ]]; then return 0; fi
  say "setup.sh: installing $command for the tests"
  update
  for packages in "$@"; do
    # shellcheck disable=SC2086
    if apt $packages && has_command "$command"; then return 0; fi
  done
  say "setup.sh: $command cannot be installed here: the tests that need it will skip"
  mkdir -p "$out/setup"
  touch "$out/setup/no-$command"
}

want bpftool bpftool "linux-tools-common linux-tools-generic"
want ip iproute2
want kill procps
want ping iputils-ping
want script bsdutils
