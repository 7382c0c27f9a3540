# SPDX-License-Identifier: BSD-3-Clause
# results.sh: for tests/all and tests/analyze, which read it with ".": runs a step, says how it went, and
# counts. The caller has set src and build.
passed=0
failed=0
skipped=0
begin=${begin:-$(date +%s)}
. "$src/tests/progress.sh"

minutes() { # since the start
    echo "$((($(date +%s) - begin) / 60)) min"
}

clear_line() { # of what shows the progress on a terminal
    [ ! -t 1 ] || printf '\r%99s\r' ''
}

nothing() {
    :
}

# check NAME COMMAND...: one check; its output is shown only if it fails.
check() {
    name=$1
    log=$build/check-$(echo "$name" | tr -c 'a-zA-Z0-9\n' -).log
    shift
    if with_progress "$name" "${news:-nothing}" into "$log" "$@"; then
        passed=$((passed + 1))
        clear_line
        echo "ok      $name ($(minutes))"
    else
        failed=$((failed + 1))
        clear_line
        echo "FAILED  $name ($(minutes)); all: $log"
        tail -n 200 "$log" | sed 's/^/        /'
    fi
}

# count_to FILE: for the script that adds them up.
count_to() {
    echo "$passed $failed $skipped" >"$1"
}
