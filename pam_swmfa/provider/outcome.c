/* SPDX-License-Identifier: BSD-3-Clause */
/* outcome: see outcome.h. */
#include "provider/outcome.h"

#include <stddef.h>

const char *const outcome_words[OUTCOME_COUNT] = {
    [OUTCOME_GONE] = "code-void",
    [OUTCOME_NOT_QUEUED] = "not-queued",
    [OUTCOME_INVALID] = "provider-refused",
    [OUTCOME_CREDENTIALS] = "credentials",
    [OUTCOME_NO_CREDIT] = "no-credit",
    [OUTCOME_FORBIDDEN] = "forbidden",
    [OUTCOME_NOT_FOUND] = "not-found",
    [OUTCOME_LIMIT] = "provider-limit",
    [OUTCOME_SERVER] = "provider-error",
    [OUTCOME_BAD_ANSWER] = "bad-answer",
    [OUTCOME_NETWORK] = "network",
    [OUTCOME_STALE] = "network",
    [OUTCOME_TLS] = "tls",
    [OUTCOME_MEMORY] = "memory",
    [OUTCOME_ABANDONED] = "host-gone",
};
