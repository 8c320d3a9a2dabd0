# Sourced by task-test.sh. The suites on other kernels, under QEMU; see tests/kernels/README.md.

kernel_names() { awk '/^[^#]/ { print $1 }' "$root/tests/kernels/list"; }

# The short set takes minutes, all suites an hour: emulation is slow.
test_kernel() { # <kernel> <short|all>
  local kernel=$1 set=$2 seconds=480 why output=$results/$1.out
  [[ $set == short ]] || seconds=10800
  if ((EUID != 0)) || [[ $(uname -m) != x86_64 ]]; then
    printf 'skipped\t[%s] other kernels need root on x86-64\n' "$kernel" >"$results/$kernel.tsv"
    return
  fi
  if ! why=$("$root/tests/kernels/run.sh" --quiet --timeout 120 "$kernel" true 2>&1 >/dev/null </dev/null); then
    printf 'skipped\t[%s] the kernel cannot be had or booted here: %s\n' "$kernel" "$(tail -n 1 <<<"$why")" >"$results/$kernel.tsv"
    return
  fi
  say "Linux $kernel: the $set set"
  local status=0
  "$root/tests/kernels/run.sh" --timeout "$seconds" "$kernel" -- "$root/tests/kernels/suites" "$set" >"$output" </dev/null || status=$?
  awk -F '\t' -v kernel="$kernel" '$1 == "@" { print $3 "\t[" kernel "] " $2 ": " $4 }' "$output" >"$results/$kernel.tsv"
  ((status == 0)) || grep -q '^failed' "$results/$kernel.tsv" ||
    printf 'failed\t[%s] ended early (exit code %s)\n' "$kernel" "$status" >>"$results/$kernel.tsv"
}

# Kernel by suite: passed, failed, skipped.
print_kernels() {
  echo
  awk -F '\t' '
      { outcome = $1; text = $2; kernel = "running"; suite = FILENAME; sub(/.*\//, "", suite); sub(/\.tsv$/, "", suite) }
      match(text, /^\[[^]]*\] /) {
        kernel = substr(text, 2, RLENGTH - 3); suite = substr(text, RLENGTH + 1); sub(/:.*/, "", suite)
      }
      { key = kernel "\t" suite; if (!(key in seen)) { seen[key] = 1; order[++n] = key }; count[key, outcome]++ }
      END {
        printf "%-10s %-22s %7s %7s %7s\n", "Kernel", "Suite", "passed", "failed", "skipped"
        for (i = 1; i <= n; i++) {
          split(order[i], part, "\t")
          printf "%-10s %-22s %7d %7d %7d\n", part[1], part[2], count[order[i], "passed"], count[order[i], "failed"], count[order[i], "skipped"]
        }
      }' "$results"/*.tsv
}
