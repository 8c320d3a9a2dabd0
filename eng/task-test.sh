# Sourced by build.sh. Runs every suite; a suite's results are lines of outcome, tab, and reason or name.
. "$root/eng/leftovers.sh"
. "$root/eng/test-kernels.sh"

results=$out/test

task_test() { # [--kernels]
  local set=short
  while (($#)); do
    case $1 in
      --kernels) set=all ;;
      *) die "Test takes --kernels (all suites on other kernels, which takes hours), not '$1'" ;;
    esac
    shift
  done
  task_build --tests
  build_tests
  rm -rf "$results"
  mkdir -p "$results"
  look_before
  suite Ebee.Tests test_library
  suite Pester test_cmdlets
  test_kernels "$set"
  suite "nothing left behind" test_leftovers
  print_kernels
  sum_up
}

# A suite that ends badly or says nothing has failed, whatever it counted.
suite() { # <name> <function>
  local lines=$results/$1.tsv status=0
  "$2" "$lines" || status=$?
  if [[ ! -s $lines ]]; then
    printf 'failed\t%s: gave no results (exit code %s)\n' "$1" "$status" >"$lines"
  elif ((status != 0)) && ! grep -q '^failed' "$lines"; then
    printf 'failed\t%s: ended early (exit code %s)\n' "$1" "$status" >>"$lines"
  fi
}

limited() { env "$mark" timeout --foreground -k 30 1500 "$@" </dev/null; }

build_tests() {
  local listed=(tests/Ebee.Tests)
  is_current "$out/sources.tests" "$tests" && return
  say "Building the tests"
  list_sources "${listed[@]}" >"$out/sources.new"
  quietly dotnet build "$root/tests/Ebee.Tests" -p:UseSharedCompilation=false
  mv "$out/sources.new" "$out/sources.tests"
}

tests=$root/tests/Ebee.Tests/bin/Release/net10.0/Ebee.Tests.dll

test_library() {
  local status=0
  limited dotnet test "$tests" --logger "trx;LogFileName=Ebee.Tests.trx" --results-directory "$results" || status=$?
  [[ ! -e $results/Ebee.Tests.trx ]] || awk -f "$root/eng/trx-results.awk" "$results/Ebee.Tests.trx" >"$1"
  return $status
}

test_cmdlets() {
  if ! find_pwsh; then
    say "The Pester suite did not run: $no_pwsh"
    printf 'skipped\tthe Pester suite did not run: %s\n' "$no_pwsh" >"$1"
    return
  fi
  say "Pester in PowerShell $pwsh_version ($pwsh)"
  limited "$pwsh" -NoProfile -NonInteractive -File "$root/eng/run-pester.ps1" "$1" "$out/modules"
}

sum_up() {
  local all=$results/all.tsv
  cat "$results"/*.tsv >"$results/all"
  mv "$results/all" "$all"
  echo
  if grep -q '^failed' "$all"; then
    echo "Failed:"
    sed -n 's/^failed\t/  /p' "$all"
  fi
  if grep -q '^skipped' "$all"; then
    echo "Skipped:"
    sed -n 's/^skipped\t//p' "$all" | sort | uniq -c | sort -rn
  fi
  awk -F '\t' '{ n[$1]++ } END {
    printf "%d passed, %d failed, %d skipped\n", n["passed"], n["failed"], n["skipped"]
    exit n["failed"] > 0 }' "$all"
}
