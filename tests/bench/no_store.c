/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * without: the helper's guard as if there were no store: nothing is limited, locked or kept. Linked
 * before libswmfa.a it makes a swmfa-auth in which nothing of store/ is left, SQLite and libcrypt
 * included, to measure what they add to a login. Only the benchmark ever starts it.
 */
#include <config.h>

#include "auth/login_internal.h"
#include "store/codes.h"

#include <stdio.h>

bool guard_enter(struct login *login)
{
    ahead_begin(&login->ahead, NULL, login->phone.number);
    return true;
}

void guard_locate(struct login *login)
{
    (void)login;
}

bool guard_send(struct login *login, int64_t deadline)
{
    (void)deadline;
    login->refusal = REFUSAL_NONE;
    return true;
}

bool guard_try(struct login *login)
{
    (void)login;
    return true;
}

bool guard_break_glass(struct login *login, const char *code, bool *wrong)
{
    (void)login;
    (void)code;
    *wrong = true;
    return true;
}

void guard_request(struct login *login)
{
    (void)login;
}

void guard_took(struct login *login, bool verify)
{
    (void)login;
    (void)verify;
}

void guard_give_back(struct login *login)
{
    (void)login;
}

void guard_wrong(struct login *login)
{
    (void)login;
}

void guard_settle(struct login *login, const struct history_login *summary)
{
    (void)login;
    (void)summary;
}

void guard_wait(struct login *login)
{
    (void)login;
}

void guard_end(struct login *login)
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
