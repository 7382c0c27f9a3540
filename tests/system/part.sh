#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# part.sh NUMBER OF: every OFth file of the system tests, from NUMBER on; and test_secrets.py, which looks
# through the output of those before it.
cd "$SWMFA_SRCDIR/tests/system" || exit 1
# shellcheck disable=SC2046
exec ./system.sh $(ls test_*.py | grep -v test_secrets.py | sed -n "$1~$2p") test_secrets.py
