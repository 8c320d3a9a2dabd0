#!/bin/bash
# build.sh [Build|Test|Docs|Package|Clean]: the one implementation beneath run.sh, test.sh and build.ps1.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$root/eng/find-dotnet.sh"
. "$root/eng/find-pwsh.sh"
. "$root/eng/task-build.sh"

task=${1:-Build}
shift || true
[[ $task == Clean ]] || find_dotnet || no_dotnet
trap "exit 130" INT
case $task in
  Build) (($# == 0)) || die "Build takes no '$1'"; task_build ;;
  Test) . "$root/eng/task-test.sh"; task_test "$@" ;;
  Docs | Package | Clean)
    (($# == 0)) || die "$task takes no '$1'"
    . "$root/eng/task-${task,,}.sh"
    "task_${task,,}"
    ;;
  *) die "there is no task '$task': Build, Test, Docs, Package, Clean" ;;
esac
