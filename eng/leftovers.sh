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

# Lines of prog, link or pin; its id or path; the name of the program.
kernel_objects() {
  [[ -n ${bpftool:-} ]] || return 0
  { "$bpftool" prog list; echo links; "$bpftool" link list; } | awk '
    BEGIN { kind = "prog" }
    $1 == "links" { kind = "link" }
    /^[0-9]+:/ {
      id = $1 + 0
      name = "-"
      for (i = 2; i < NF; i++) {
        if (kind == "prog" && $i == "name") names[id] = name = $(i + 1)
        if (kind == "link" && $i == "prog" && $(i + 1) in names) name = names[$(i + 1)]
      }
      print kind, id, name
    }'
  find /sys/fs/bpf -mindepth 1 ! -type d -printf 'pin %p -\n' 2>/dev/null || true
}

new_objects() {
  local kind id name
  while read -r kind id name; do
    if grep -qxF "$kind $id $name" "$results/before"; then continue; fi
    [[ $kind == pin ]] || grep -qxF -- "$name" "$results/programs" || continue
    echo "$kind $id $name"
  done < <(kernel_objects)
}

is_of_this_run() { grep -qszxF "$mark" "/proc/$1/environ"; }

left_behind() {
  local kind id name file pid holders ours new
  while read -r file; do
    echo "process $(cut -d / -f 3 <<<"$file"): $(tr '\0' ' ' 2>/dev/null <"${file%environ}cmdline")"
  done < <(grep -lszxF "$mark" /proc/[0-9]*/environ)

  new=$(new_objects)
  [[ -n $new ]] || return 0
  grep -sHE '^(prog|link)_id:' /proc/[0-9]*/fdinfo/* |
    awk -F '[/:[:space:]]+' '{ sub("_id", "", $6); print $6, $7, $3 }' >"$results/held"
  while read -r kind id name; do
    holders=$(awk -v kind="$kind" -v id="$id" '$1 == kind && $2 == id { print $3 }' "$results/held" | sort -u)
    ours=$([[ -n $holders ]] || echo yes)
    for pid in $holders; do if is_of_this_run "$pid"; then ours=yes; fi; done
    [[ -z $ours ]] || echo "$kind $id $name, held by ${holders:-no process}"
  done <<<"$new"
}

test_leftovers() {
  local left wait
  # The kernel keeps fifteen bytes of a name.
  llvm-nm --defined-only --extern-only "$root"/src/Ebee/obj/bpf/*.o |
    awk 'NF == 3 { print substr($3, 1, 15) }' >"$results/programs"
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
    printf 'passed\tno process left behind\nskipped\tprograms left behind were not looked for: %s\n' \
      "$( ((EUID == 0)) && echo 'there is no bpftool' || echo 'not root')" >"$1"
  fi
}
