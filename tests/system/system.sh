#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# system.sh: the tests with the real programs, in a private root; prints TAP.
exec "$SWMFA_SRCDIR/tests/private-root" /usr/bin/python3 -B -m pytest -p no:cacheprovider --tap \
    --rootdir "$SWMFA_SRCDIR/tests/system" "$SWMFA_SRCDIR/tests/system" "$@"
