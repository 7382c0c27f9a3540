# SPDX-License-Identifier: BSD-3-Clause
# progress.sh: for quickstart and tests/all, which read it with ".": what runs, and for how long.

# with_progress WHAT NEWS COMMAND...: runs COMMAND, which prints nothing itself, and says meanwhile that it
# runs, in one line that changes on a terminal, else in a line each minute. NEWS is a command that prints
# what there is to add; ":" for nothing. The exit status is COMMAND's.
with_progress() {
    progress_what=$1
    progress_news=$2
    shift 2
    report_progress &
    progress_reporter=$!
    progress_status=0
    "$@" || progress_status=$?
    kill "$progress_reporter" 2>/dev/null || true
    wait "$progress_reporter" 2>/dev/null || true
    [ ! -t 1 ] || printf '\r%99s\r' ''
    return "$progress_status"
}

report_progress() { # until it is killed, or the script has ended
    progress_seconds=0
    while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
        progress_seconds=$((progress_seconds + 1))
        progress_time="$((progress_seconds / 60)) min"
        if [ -t 1 ] && [ "$progress_seconds" -lt 60 ]; then
            progress_time="$progress_seconds s"
        elif [ -t 1 ] && [ "$progress_seconds" -lt 600 ]; then
            progress_time="$progress_time $((progress_seconds % 60)) s"
        fi
        if [ -t 1 ]; then
            [ $((progress_seconds % 2)) -ne 0 ] ||
                printf '\r%-99.99s' "$progress_what: $progress_time$("$progress_news")"
        elif [ $((progress_seconds % 60)) -eq 0 ]; then
            echo "$progress_what: $progress_time$("$progress_news")"
        fi
    done
}

into() { # into FILE COMMAND...: its output goes to FILE
    into_file=$1
    shift
    ("$@") >"$into_file" 2>&1
}
