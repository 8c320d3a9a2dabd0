# Sourced by task-test.sh. The suites on other kernels, under QEMU; see tests/kernels/README.md.

kernel_names() { # <short|all>
  awk -v set="$1" '/^[^#]/ && (set == "all" || $3 == "short") { print $1 }' "$root/tests/kernels/list"
}

# One after the other until each is known to boot (packages are installed and unpacked then), then side by side: a
# machine takes one processor. The short set takes minutes, all suites hours: emulation is slow.
test_kernels() { # <short|all>
  local kernel seconds=1500
  [[ $1 == short ]] || seconds=21600
  trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
  for kernel in $(kernel_names "$1"); do
    if boots "$kernel"; then
      say "Linux $kernel: the $1 set (its output: $results/$kernel.out)"
      test_kernel "$kernel" "$1" "$seconds" &
    fi
  done
  wait
  trap - EXIT
}

# Says why not in the kernel's results.
boots() { # <kernel>
  local why
  if ((EUID != 0)) || [[ $(uname -m) != x86_64 ]]; then
    why="other kernels need root on x86-64"
  elif why=$("$root/tests/kernels/run.sh" --quiet --timeout 120 "$1" true 2>&1 >/dev/null </dev/null); then
    [[ $why != *"once more"* ]] || say "$why"
    return 0
  else
    why="the kernel cannot be had or booted here: $(tail -n 1 <<<"$why")"
  fi
  printf 'skipped\t[%s] %s\n' "$1" "$why" >"$results/$1.tsv"
  return 1
}

# The machine ends when this shell does.
test_kernel() { # <kernel> <short|all> <seconds>
  local status=0 lines=$results/$1.tsv
  setpriv --pdeathsig TERM env "$mark" "$root/tests/kernels/run.sh" --timeout "$3" "$1" -- \
    "$root/tests/kernels/suites" "$2" >"$results/$1.out" </dev/null || status=$?
  awk -F '\t' -v kernel="$1" '$1 == "@" { print $3 "\t[" kernel "] " $2 ": " $4 }' "$results/$1.out" >"$lines"
  ((status == 0)) || grep -q '^failed' "$lines" ||
    printf 'failed\t[%s] ended early (exit code %s)\n' "$1" "$status" >>"$lines"
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
