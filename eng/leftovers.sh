# Sourced by task-test.sh. Whether a test run left a process, a BPF program, a link or a pin behind.

# In the environment of all that the tests start: others on the machine may be tracing too.
mark=EBEE_TEST_RUN=$$.$RANDOM

look_before() {
  local found
  for found in "$(PATH=$PATH:/usr/sbin:/sbin command -v bpftool || true)" /usr/lib/linux-tools/*/bpftool; do
    # Ubuntu's is a script that may not find one for the running kernel.
    if [[ -x $found ]] && "$found" prog list >/dev/null 2>&1; then
      bpftool=$found
      PATH=$(dirname "$found"):$PATH
      break
    fi
  done
  kernel_objects >"$results/before"
}

# prog|link|pin, id or path, name of the program, ids of the processes that hold it
kernel_objects() {
  [[ -n ${bpftool:-} ]] || return 0
  { "$bpftool" prog list; echo links; "$bpftool" link list; } | awk '
    function finish() { if (id != "") print kind, id, name, holders; id = holders = "" }
    BEGIN { kind = "prog" }
    $1 == "links" { finish(); kind = "link" }
    /^[0-9]+:/ {
      finish(); id = $1 + 0; name = "-"
      for (i = 2; i < NF; i++) {
        if (kind == "prog" && $i == "name") names[id] = name = $(i + 1)
        if (kind == "link" && $i == "prog" && $(i + 1) in names) name = names[$(i + 1)]
      }
    }
    $1 == "pids" {
      while (match($0, /\([0-9]+\)/)) {
        holders = holders " " substr($0, RSTART + 1, RLENGTH - 2)
        $0 = substr($0, RSTART + RLENGTH)
      }
    }
    END { finish() }'
  find /sys/fs/bpf -mindepth 1 ! -type d -printf 'pin %p -\n' 2>/dev/null || true
}

is_of_this_run() { grep -qzxF "$mark" "/proc/$1/environ" 2>/dev/null; }

left_behind() {
  local kind id name holders pid file ours
  while read -r file; do
    echo "process $(cut -d / -f 3 <<<"$file"): $(tr '\0' ' ' <"${file%environ}cmdline" 2>/dev/null)"
  done < <(grep -lszxF "$mark" /proc/[0-9]*/environ)
  while read -r kind id name holders; do
    if grep -q "^$kind $id " "$results/before"; then continue; fi
    [[ $kind == pin ]] || grep -qxF -- "$name" "$results/programs" || continue
    ours=$([[ -n $holders ]] || echo yes)
    for pid in $holders; do if is_of_this_run "$pid"; then ours=yes; fi; done
    [[ -z $ours ]] || echo "$kind $id $name, held by ${holders:-no process}"
  done < <(kernel_objects)
}

test_leftovers() {
  local left wait
  # The kernel keeps fifteen bytes of a name.
  llvm-nm --defined-only --extern-only "$root"/src/Ebee/obj/bpf/*.o | awk 'NF == 3 { print substr($3, 1, 15) }' >"$results/programs"
  for wait in 0 0.5 0.5 1; do
    sleep "$wait"
    left=$(left_behind)
    [[ -n $left ]] || break
  done
  if [[ -n $left ]]; then
    awk '{ print "failed\tleft behind: " $0 }' <<<"$left" >"$1"
  elif [[ -n ${bpftool:-} ]]; then
    printf 'passed\tnothing left behind\n' >"$1"
  else
    printf 'passed\tno process left behind\nskipped\t%s\n' \
      "programs left behind were not looked for: bpftool is missing or may not list them here" >"$1"
  fi
}
