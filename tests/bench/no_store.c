/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * no_store: login limits as if there were no store: nothing is limited, locked or stored. Linked
 * before libswmfa.a it makes a swmfa-auth in which nothing of store/ is left, SQLite and libcrypt
 * included, to measure what they add to a login. Only the benchmark ever starts it.
 */
#include <config.h>

#include "auth/login_internal.h"
#include "store/codes.h"

#include <stdio.h>

bool limits_load(struct login *login)
{
    prefetch_begin(&login->prefetch, NULL, login->phone.number);
    return true;
}

void limits_locate(struct login *login)
{
    (void)login;
}

bool limits_count_send(struct login *login, int64_t deadline)
{
    (void)deadline;
    login->refusal = REFUSAL_NONE;
    return true;
}

bool limits_count_attempt(struct login *login)
{
    (void)login;
    return true;
}

bool limits_use_break_glass(struct login *login, const char *code, bool *wrong)
{
    (void)login;
    (void)code;
    *wrong = true;
    return true;
}

void limits_begin_request(struct login *login)
{
    (void)login;
}

void limits_end_request(struct login *login, bool verify)
{
    (void)login;
    (void)verify;
}

void limits_refund_send(struct login *login)
{
    (void)login;
}

void limits_keep_attempt(struct login *login)
{
    (void)login;
}

void limits_commit(struct login *login, const struct history_login *summary)
{
    (void)login;
    (void)summary;
}

void limits_wait(struct login *login)
{
    (void)login;
}

void limits_close(struct login *login)
{
    (void)login;
}

const char *history_write(const struct history_login *login, char *to, size_t size)
{
    (void)snprintf(to, size, "user=%s reason=%s", login->user, login->reason);
    return to;
}

bool codes_read(const char *text, char *code)
{
    (void)text;
    *code = '\0';
    return false;
}
