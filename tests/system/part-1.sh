#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# part-1.sh: every second file of the system tests, from number 1 on; and test_secrets.py, which looks
# through the output of those before it.
cd "$SWMFA_SRCDIR/tests/system" || exit 1
# shellcheck disable=SC2046
exec ./system.sh $(ls test_*.py | grep -v test_secrets.py | sed -n '1~2p') test_secrets.py
