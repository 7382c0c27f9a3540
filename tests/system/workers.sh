#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# workers.sh [FILE...] [PYTEST OPTION...]: the same tests as system.sh, run by several workers at the same
# time; TAP. Each worker has a private root of its own, and they take the tests in small groups from one
# list. More workers than processors, since much of a login is waiting.
if [ "$(id -u)" -ne 0 ]; then
    echo "1..0 # SKIP namespaces and accounts need root"
    exit 0
fi
folder=$(mktemp -d "$SWMFA_BUILDDIR/workers.XXXXXX") || exit 1
mkdir "$folder/taken" || exit 1
processes=
stop() { # each is a process group, with all that it started
    for process in $processes; do
        kill -- "-$process" 2>/dev/null
    done
}
trap 'rm -rf "$folder"' EXIT
trap 'stop; exit 130' INT TERM HUP
workers=$(($(nproc) * 4))
[ "$workers" -le 16 ] || workers=16
worker=0
while [ "$worker" -lt "$workers" ]; do
    worker=$((worker + 1))
    setsid "$SWMFA_SRCDIR/tests/system/system.sh" "$@" --taken "$folder/taken" \
        >"$folder/$worker.log" 2>&1 &
    processes="$processes $!"
done
status=0
for process in $processes; do
    wait "$process" || status=1
done
# One list of results: each worker has numbered its own.
awk '/^(not )?ok [0-9]/ { sub(/ok [0-9]+/, "ok " ++count) }
     !/^1\.\./
     END { print "1.." count }' "$folder"/*.log
exit "$status"
