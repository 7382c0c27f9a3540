#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
exec "$SWMFA_SRCDIR/tests/system/part.sh" 4 4
