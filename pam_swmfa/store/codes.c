/* SPDX-License-Identifier: BSD-3-Clause */
/* codes: see codes.h. libxcrypt makes and checks the hashes. */
#include <config.h>

#include "store/codes.h"

#include <crypt.h>
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define HASH_PREFIX "$y$" /* yescrypt, at libxcrypt's own cost */
/* A salt for a user without a code of that number, of the same cost. */
#define NO_SALT "$y$j9T$......................"

/* Crockford's base 32: without i, l, o and u. */
static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* ---- libcrypt ---- */

static struct {
    __typeof__(&crypt_r) hash;
    __typeof__(&crypt_gensalt_rn) make_salt;
} libcrypt;

bool codes_ready(struct problem *problem)
{
    static const char *const names[] = {"libcrypt.so.2", "libcrypt.so.1"}; /* of libxcrypt */
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && libcrypt.hash == NULL; i++) {
        void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL)
            continue;
        *(void **)&libcrypt.make_salt = dlsym(library, "crypt_gensalt_rn");
        *(void **)&libcrypt.hash = libcrypt.make_salt == NULL ? NULL : dlsym(library, "crypt_r");
    }
    return libcrypt.hash != NULL ||
           problem_set(problem, "libcrypt cannot be loaded, so no break-glass code can be made or "
                                "checked: install libxcrypt");
}

/* ---- making ---- */

static bool make_code(unsigned number, char code[CODES_CODE_SIZE])
{
    unsigned char bytes[CODES_LENGTH];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return false;
    code[0] = (char)('0' + number);
    for (size_t i = 1; i < CODES_LENGTH; i++)
        code[i] = letters[bytes[i] % 32];
    code[CODES_LENGTH] = '\0';
    explicit_bzero(bytes, sizeof(bytes));
    return true;
}

/* Hashes with a salt, or with the salt of another hash. */
static bool make_hash(const char *code, const char *salt, char hash[CODES_HASH_SIZE])
{
    struct crypt_data *data = calloc(1, sizeof(*data));
    if (data == NULL)
        return false;
    const char *made = libcrypt.hash(code, salt, data);
    bool good = made != NULL && *made == '$' && strlen(made) < CODES_HASH_SIZE;
    if (good)
        memcpy(hash, made, strlen(made) + 1);
    explicit_bzero(data, sizeof(*data));
    free(data);
    return good;
}

bool codes_make(struct codes *codes, struct problem *problem)
{
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!codes_ready(problem))
        return false;
    for (unsigned i = 0; i < CODES_COUNT; i++)
        if (!make_code(i, codes->code[i]) ||
            libcrypt.make_salt(HASH_PREFIX, 0, NULL, 0, salt, sizeof(salt)) == NULL ||
            !make_hash(codes->code[i], salt, codes->hash[i]))
            return problem_set(problem, "break-glass codes cannot be hashed: libcrypt has no "
                                        "yescrypt, or there is no memory");
    return true;
}

bool codes_void(struct store *store, const char *user, int64_t *count)
{
    struct store_answer answer;
    if (!store_run(store, &answer, "DELETE FROM swmfa_code WHERE user_name = $1", "t", user))
        return false;
    *count = (int64_t)answer.changed;
    return true;
}

bool codes_replace(struct store *store, const char *user, const struct codes *codes)
{
    int64_t count = 0;
    if (!codes_void(store, user, &count))
        return false;
    for (int64_t i = 0; i < CODES_COUNT; i++)
        if (!store_run(store, NULL,
                       "INSERT INTO swmfa_code (user_name, number, hash) VALUES ($1, $2, $3)",
                       "tit", user, i, codes->hash[i]))
            return false;
    return true;
}

/* ---- using ---- */

/* Returns the letter of the alphabet that a character stands for, or 0. */
static char letter_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if (c == 'o')
        return '0';
    if (c == 'i' || c == 'l')
        return '1';
    if (c == '\0' || strchr(letters, c) == NULL)
        return '\0';
    return c;
}

static bool read_code(const char *text, char *code)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '\t' || *text == '-')
            continue;
        char letter = letter_of(*text);
        if (letter == '\0' || length == CODES_LENGTH)
            return false;
        code[length++] = letter;
    }
    code[length] = '\0';
    return length == CODES_LENGTH && code[0] >= '0' && code[0] <= '9';
}

bool codes_read(const char *text, char *code)
{
    bool good = read_code(text, code);
    if (!good)
        explicit_bzero(code, CODES_CODE_SIZE);
    return good;
}

static int64_t number_of(const char *code)
{
    return code[0] - '0';
}

bool codes_hash(struct store *store, const char *user, const char *code, char hash[CODES_HASH_SIZE])
{
    struct store_answer row;
    if (!store_run(store, &row, "SELECT hash FROM swmfa_code WHERE user_name = $1 AND number = $2",
                   "ti", user, number_of(code)))
        return false;
    memcpy(hash, row.cell[0], CODES_HASH_SIZE);
    return true;
}

bool codes_match(const char *code, const char *hash)
{
    char made[CODES_HASH_SIZE] = "";
    bool hashed = make_hash(code, *hash != '\0' ? hash : NO_SALT, made);
    return hashed && *hash != '\0' && strlen(made) == strlen(hash) &&
           CRYPTO_memcmp(made, hash, strlen(hash)) == 0;
}

bool codes_use(struct store *store, const char *user, const char *code, const char *hash,
               bool *used)
{
    struct store_answer answer;
    *used = false;
    if (!store_run(store, &answer,
                   "DELETE FROM swmfa_code WHERE user_name = $1 AND number = $2 AND hash = $3",
                   "tit", user, number_of(code), hash))
        return false;
    *used = answer.changed == 1;
    return true;
}

bool codes_left(struct store *store, const char *user, int64_t *count)
{
    struct store_answer answer;
    if (!store_run(store, &answer, "SELECT COUNT(*) FROM swmfa_code WHERE user_name = $1", "t",
                   user))
        return false;
    *count = store_number(&answer, 0);
    return true;
}
