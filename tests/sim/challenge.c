/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     challenge - the codes that were sent, until the simulator ends
 *
 * SYNOPSIS
 *     struct challenges *challenges_new(void);
 *     void challenges_free(struct challenges *challenges);
 *     void challenge_random_id(char id[CHALLENGE_ID_SIZE]);
 *     void challenge_new(challenges, terms, id, code);
 *     enum challenge_result challenge_verify(challenges, id, code);
 *
 * DESCRIPTION
 *     A challenge is an id, a code, a deadline and a number of attempts. It can be answered right
 *     once. It is over when it was answered right, when its attempts are used up, or at its
 *     deadline; from then on it is as if it had never been. It stays in the table until the end.
 *
 *     Ids and codes come from the random generator of GnuTLS. Codes are made of digits, with
 *     allow_alphas of digits and letters of both cases, each as likely as the other. Time is that
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

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <json-c/linkhash.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TABLE_SIZE = 1024,
    UUID_BYTES = 16,
};

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

struct challenge {
    char id[CHALLENGE_ID_SIZE];
    char code[CHALLENGE_CODE_MAX + 1];
    int attempts_left;
    bool verified;
    struct timespec deadline;
};

struct challenges {
    pthread_mutex_t lock;
    struct lh_table *by_id; /* owns the challenges; the key is the id inside */
};

static void free_entry(struct lh_entry *entry)
{
    struct challenge *challenge = lh_entry_v(entry);

    explicit_bzero(challenge, sizeof(*challenge));
    free(challenge);
}

struct challenges *challenges_new(void)
{
    struct challenges *challenges = must(calloc(1, sizeof(*challenges)));

    pthread_mutex_init(&challenges->lock, NULL);
    challenges->by_id = must(lh_kchar_table_new(TABLE_SIZE, free_entry));
    return challenges;
}

void challenges_free(struct challenges *challenges)
{
    if (challenges != NULL) {
        lh_table_free(challenges->by_id);
        pthread_mutex_destroy(&challenges->lock);
        free(challenges);
    }
}

static void random_bytes(void *bytes, size_t size)
{
    int rc = gnutls_rnd(GNUTLS_RND_KEY, bytes, size);

    if (rc < 0) {
        complain("random bytes: %s", gnutls_strerror(rc));
        exit(EXIT_FAILURE);
    }
}

void challenge_random_id(char id[CHALLENGE_ID_SIZE])
{
    static const char dash_before[UUID_BYTES] = {[4] = 1, [6] = 1, [8] = 1, [10] = 1};
    uint8_t bytes[UUID_BYTES];

    random_bytes(bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0fU) | 0x40U); /* version 4, random */
    bytes[8] = (uint8_t)((bytes[8] & 0x3fU) | 0x80U); /* the variant of RFC 9562 */
    for (size_t i = 0; i < sizeof(bytes); i++) {
        id += sprintf(id, "%s%02x", dash_before[i] ? "-" : "", bytes[i]);
    }
}

/* Bytes that would favour the first characters of the alphabet are thrown away. */
static char random_character(const char *alphabet)
{
    unsigned size = (unsigned)strlen(alphabet);
    unsigned limit = 256 - 256 % size;
    uint8_t byte = 0;

    do {
        random_bytes(&byte, sizeof(byte));
    } while (byte >= limit);
    return alphabet[byte % size];
}

static void make_code(const struct challenge_terms *terms, char code[CHALLENGE_CODE_MAX + 1])
{
    const char *alphabet = terms->allow_alphas ? DIGITS LETTERS : DIGITS;
    int length =
        terms->token_length < CHALLENGE_CODE_MAX ? terms->token_length : CHALLENGE_CODE_MAX;

    for (int i = 0; i < length; i++) {
        code[i] = random_character(alphabet);
    }
    code[length] = '\0';
}

void challenge_new(struct challenges *challenges, const struct challenge_terms *terms,
                   char id[CHALLENGE_ID_SIZE], char code[CHALLENGE_CODE_MAX + 1])
{
    struct challenge *challenge = must(calloc(1, sizeof(*challenge)));

    challenge_random_id(challenge->id);
    make_code(terms, challenge->code);
    challenge->attempts_left = terms->max_attempts;
    clock_gettime(CLOCK_BOOTTIME, &challenge->deadline);
    challenge->deadline.tv_sec += terms->valid_for;
    memcpy(id, challenge->id, CHALLENGE_ID_SIZE);
    memcpy(code, challenge->code, CHALLENGE_CODE_MAX + 1);

    pthread_mutex_lock(&challenges->lock);
    if (lh_table_insert(challenges->by_id, challenge->id, challenge) != 0) {
        must(NULL);
    }
    pthread_mutex_unlock(&challenges->lock);
}

static bool is_over(const struct challenge *challenge)
{
    struct timespec now;

    if (challenge->verified || challenge->attempts_left == 0) {
        return true;
    }
    clock_gettime(CLOCK_BOOTTIME, &now);
    if (now.tv_sec != challenge->deadline.tv_sec) {
        return now.tv_sec > challenge->deadline.tv_sec;
    }
    return now.tv_nsec >= challenge->deadline.tv_nsec;
}

static bool same_code(const char *one, const char *other)
{
    size_t size = strlen(one);

    return strlen(other) == size && gnutls_memcmp(one, other, size) == 0;
}

static enum challenge_result try_code(struct challenge *challenge, const char *code)
{
    if (is_over(challenge)) {
        return CHALLENGE_GONE;
    }
    challenge->attempts_left--;
    challenge->verified = same_code(challenge->code, code);
    return challenge->verified ? CHALLENGE_RIGHT : CHALLENGE_WRONG;
}

enum challenge_result challenge_verify(struct challenges *challenges, const char *id,
                                       const char *code)
{
    enum challenge_result result = CHALLENGE_GONE;
    void *challenge = NULL;

    pthread_mutex_lock(&challenges->lock);
    if (lh_table_lookup_ex(challenges->by_id, id, &challenge)) {
        result = try_code(challenge, code);
    }
    pthread_mutex_unlock(&challenges->lock);
    return result;
}
