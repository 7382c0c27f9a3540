#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# part-2.sh: every second file of the system tests, from number 2 on; and test_secrets.py, which looks
# through the output of those before it.
cd "$SWMFA_SRCDIR/tests/system" || exit 1
# shellcheck disable=SC2046
exec ./system.sh $(ls test_*.py | grep -v test_secrets.py | sed -n '2~2p') test_secrets.py
