#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# system.sh [FILE...] [PYTEST OPTION...]: the tests with the real programs, in a private root; TAP.
# Without a file all of them.
if [ "$(id -u)" -ne 0 ]; then
    echo "1..0 # SKIP namespaces and accounts need root"
    exit 0
fi
folder=$SWMFA_SRCDIR/tests/system
files=
while [ -n "${1-}" ] && [ -e "$folder/$1" ]; do
    files="$files $folder/$1"
    shift
done
# A session of their own: the one outside has no name in the private pid namespace.
exec "$SWMFA_SRCDIR/tests/private-root" setsid --wait /usr/bin/python3 -B -m pytest -p no:cacheprovider --tap \
    --rootdir "$folder" ${files:-"$folder"} "$@"
