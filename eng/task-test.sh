# Sourced by build.sh. Runs every suite; a suite's results are lines of outcome, tab, and reason or name.
. "$root/eng/leftovers.sh"
. "$root/eng/test-kernels.sh"

results=$out/test

task_test() { # [--kernels | --fuzz <seconds>]
  local set=short seconds=
  while (($#)); do
    case $1 in
      --kernels) set=all ;;
      --fuzz)
        seconds=${2-}
        [[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || die "--fuzz takes the seconds to run, of all parsers together, such as 300, not '$seconds'"
        shift
        ;;
      *) die "Test takes --kernels (all suites on other kernels, which takes hours) or --fuzz <seconds> (damaged inputs only), not '$1'" ;;
    esac
    shift
  done
  task_build --tests
  build_tests
  rm -rf "$results" "$out/fuzz"
  mkdir -p "$results"
  look_before
  if [[ -n $seconds ]]; then
    suite Fuzz test_parsers
    suite "nothing left behind" test_leftovers
    sum_up
    return
  fi
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

limited() { env "$mark" timeout --foreground -k 30 "${limit:-1500}" "$@" </dev/null; }

build_tests() {
  local listed=(tests/Ebee.Tests)
  is_current "$out/sources.tests" "$tests" && return
  say "Building the tests"
  list_sources "${listed[@]}" >"$out/sources.new"
  quietly dotnet build "$root/tests/Ebee.Tests" -p:UseSharedCompilation=false
  mv "$out/sources.new" "$out/sources.tests"
}

tests=$root/tests/Ebee.Tests/bin/Release/net10.0/Ebee.Tests.dll

test_library() { # <lines> [<argument of dotnet test>...]
  local lines=$1 status=0 running
  limited dotnet test "$tests" --logger "trx;LogFileName=Ebee.Tests.trx" --results-directory "$results" "${@:2}" || status=$?
  [[ ! -e $results/Ebee.Tests.trx ]] || awk -f "$root/eng/trx-results.awk" "$results/Ebee.Tests.trx" >"$lines"
  # An input that ended the whole process.
  for running in "$out"/fuzz/*.running; do
    [[ ! -e $running ]] || printf 'failed\t%s did not come to its end: %s\n' "$(basename "$running" .running)" "$(<"$running")" >>"$lines"
  done
  return $status
}

# Parsers of outside data with damaged inputs, other ones in each run.
test_parsers() { # <lines>
  local seed=${EBEE_FUZZ_SEED:-$((RANDOM << 15 | RANDOM))} limit=$((seconds + 900))
  say "Damaged inputs for $seconds seconds: EBEE_FUZZ_SEED=$seed"
  EBEE_FUZZ_SECONDS=$seconds EBEE_FUZZ_SEED=$seed test_library "$1" --filter "Category=Fuzz|FullyQualifiedName~MutantTests" --logger "console;verbosity=detailed"
}

test_cmdlets() {
  if ! find_pwsh; then
    say "The Pester suite did not run: $no_pwsh"
    printf 'failed\tthe Pester suite did not run: %s\n' "$no_pwsh" >"$1"
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
