/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     challenge - the codes that were sent, until the simulator ends
 *
 * SYNOPSIS
 *     struct challenges *challenges_new(void);
 *     void challenges_free(struct challenges *challenges);
 *     void challenge_new(challenges, id, terms, code);
 *     enum challenge_result challenge_verify(challenges, id, code);
 *     void challenge_new_for(challenges, number, scope, terms, code);
 *     enum challenge_result challenge_verify_for(challenges, number, scope, code, minutes);
 *
 * DESCRIPTION
 *     The two providers keep codes in two ways.
 *
 *     By id: a challenge is an id, a code, a deadline and a number of attempts. It can be answered
 *     right once. It is over when it was answered right, when its attempts are used up, or at its
 *     deadline; from then on it is as if it had never been. It stays in the table until the end.
 *
 *     By number: a phone has any number of codes, each with a scope, and counts the wrong ones that
 *     came for it, whatever their scope. A code that was right is forgotten. Too many wrong ones in
 *     a row, and none is looked at for a while; then it counts from 0 again.
 *
 *     Codes are made of digits, with allow_alphas of digits and letters of both cases. Time is that
 *     of CLOCK_BOOTTIME: setting the clock of the machine changes nothing, its sleep counts.
 *
 * DIAGNOSTICS
 *     Without memory or random bytes the simulator ends with status 1.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "challenge.h"

#include "trouble.h"

#include <gnutls/gnutls.h>
#include <json-c/linkhash.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TABLE_SIZE = 1024,
    WRONG_MAX = 10, /* wrong codes in a row for a number */
};

#define NANOSECONDS INT64_C(1000000000) /* of a second */
#define MINUTE      (60 * NANOSECONDS)
#define LOCKED_FOR  (2 * MINUTE)

struct code {
    char text[CHALLENGE_CODE_MAX + 1];
    int64_t made; /* nanoseconds of CLOCK_BOOTTIME, as all times here */
};

struct challenge {
    char id[RANDOM_UUID_SIZE];
    struct code code;
    int64_t valid_for;
    int attempts_left;
    bool verified;
};

struct scoped_code {
    struct scoped_code *next;
    char *scope;
    struct code code;
};

struct phone {
    char *number;
    struct scoped_code *codes;
    int wrong; /* in a row */
    int64_t locked_until;
};

struct challenges {
    pthread_mutex_t lock;
    struct lh_table *by_id;     /* owns the challenges; the key is the id inside */
    struct lh_table *by_number; /* owns the phones; the key is the number inside */
};

static void free_challenge(struct lh_entry *entry)
{
    struct challenge *challenge = lh_entry_v(entry);

    explicit_bzero(challenge, sizeof(*challenge));
    free(challenge);
}

/* Takes the code off the list that it starts. */
static void drop_code(struct scoped_code **list)
{
    struct scoped_code *dropped = *list;

    *list = dropped->next;
    explicit_bzero(&dropped->code, sizeof(dropped->code));
    free(dropped->scope);
    free(dropped);
}

static void free_phone(struct lh_entry *entry)
{
    struct phone *phone = lh_entry_v(entry);

    while (phone->codes != NULL) {
        drop_code(&phone->codes);
    }
    free(phone->number);
    free(phone);
}

struct challenges *challenges_new(void)
{
    struct challenges *challenges = must(calloc(1, sizeof(*challenges)));

    pthread_mutex_init(&challenges->lock, NULL);
    challenges->by_id = must(lh_kchar_table_new(TABLE_SIZE, free_challenge));
    challenges->by_number = must(lh_kchar_table_new(TABLE_SIZE, free_phone));
    return challenges;
}

void challenges_free(struct challenges *challenges)
{
    if (challenges != NULL) {
        lh_table_free(challenges->by_id);
        lh_table_free(challenges->by_number);
        pthread_mutex_destroy(&challenges->lock);
        free(challenges);
    }
}

static int64_t now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

static void make_code(const struct challenge_terms *terms, struct code *made,
                      char code[CHALLENGE_CODE_MAX + 1])
{
    const char *alphabet =
        terms->allow_alphas ? RANDOM_DIGITS RANDOM_UPPER RANDOM_LOWER : RANDOM_DIGITS;
    int length = terms->length < CHALLENGE_CODE_MAX ? terms->length : CHALLENGE_CODE_MAX;

    random_text(alphabet, made->text, (size_t)length);
    made->made = now();
    memcpy(code, made->text, CHALLENGE_CODE_MAX + 1);
}

static bool same_code(const struct code *made, const char *code)
{
    size_t size = strlen(made->text);

    return strlen(code) == size && gnutls_memcmp(made->text, code, size) == 0;
}

static void insert(struct lh_table *table, const char *key, void *value)
{
    if (lh_table_insert(table, key, value) != 0) {
        must(NULL);
    }
}

void challenge_new(struct challenges *challenges, const char *id,
                   const struct challenge_terms *terms, char code[CHALLENGE_CODE_MAX + 1])
{
    struct challenge *challenge = must(calloc(1, sizeof(*challenge)));

    strncpy(challenge->id, id, sizeof(challenge->id) - 1);
    challenge->valid_for = terms->valid_for * NANOSECONDS;
    challenge->attempts_left = terms->max_attempts;
    make_code(terms, &challenge->code, code);

    pthread_mutex_lock(&challenges->lock);
    insert(challenges->by_id, challenge->id, challenge);
    pthread_mutex_unlock(&challenges->lock);
}

static enum challenge_result try_code(struct challenge *challenge, const char *code)
{
    if (challenge->verified || challenge->attempts_left == 0 ||
        now() - challenge->code.made >= challenge->valid_for) {
        return CHALLENGE_REFUSED;
    }
    challenge->attempts_left--;
    challenge->verified = same_code(&challenge->code, code);
    return challenge->verified ? CHALLENGE_RIGHT : CHALLENGE_WRONG;
}

enum challenge_result challenge_verify(struct challenges *challenges, const char *id,
                                       const char *code)
{
    enum challenge_result result = CHALLENGE_REFUSED;
    void *challenge = NULL;

    pthread_mutex_lock(&challenges->lock);
    if (lh_table_lookup_ex(challenges->by_id, id, &challenge)) {
        result = try_code(challenge, code);
    }
    pthread_mutex_unlock(&challenges->lock);
    return result;
}

/* The phone of that number, which is made where it is not there. */
static struct phone *find_phone(struct challenges *challenges, const char *number)
{
    void *found = NULL;

    if (!lh_table_lookup_ex(challenges->by_number, number, &found)) {
        struct phone *phone = must(calloc(1, sizeof(*phone)));
        phone->number = must(strdup(number));
        insert(challenges->by_number, phone->number, phone);
        found = phone;
    }
    return found;
}

void challenge_new_for(struct challenges *challenges, const char *number, const char *scope,
                       const struct challenge_terms *terms, char code[CHALLENGE_CODE_MAX + 1])
{
    struct scoped_code *scoped = must(calloc(1, sizeof(*scoped)));

    scoped->scope = must(strdup(scope));
    make_code(terms, &scoped->code, code);

    pthread_mutex_lock(&challenges->lock);
    struct phone *phone = find_phone(challenges, number);
    scoped->next = phone->codes;
    phone->codes = scoped;
    pthread_mutex_unlock(&challenges->lock);
}

/* Finds the code, which must be younger than that, and uses it up. */
static bool use_code(struct phone *phone, const char *scope, const char *code, int64_t age)
{
    for (struct scoped_code **list = &phone->codes; *list != NULL; list = &(*list)->next) {
        const struct scoped_code *scoped = *list;
        if (strcmp(scoped->scope, scope) == 0 && same_code(&scoped->code, code) &&
            now() - scoped->code.made < age) {
            drop_code(list);
            return true;
        }
    }
    return false;
}

static enum challenge_result try_code_of(struct phone *phone, const char *scope, const char *code,
                                         int64_t age)
{
    if (now() < phone->locked_until) {
        return CHALLENGE_REFUSED;
    }
    if (use_code(phone, scope, code, age)) {
        phone->wrong = 0;
        return CHALLENGE_RIGHT;
    }
    if (++phone->wrong == WRONG_MAX) {
        phone->wrong = 0;
        phone->locked_until = now() + LOCKED_FOR;
    }
    return CHALLENGE_WRONG;
}

enum challenge_result challenge_verify_for(struct challenges *challenges, const char *number,
                                           const char *scope, const char *code, double minutes)
{
    int64_t age = (int64_t)(minutes * (double)MINUTE);

    pthread_mutex_lock(&challenges->lock);
    enum challenge_result result = try_code_of(find_phone(challenges, number), scope, code, age);
    pthread_mutex_unlock(&challenges->lock);
    return result;
}
