/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * numbering: see numbering.h.
 *
 * The figures are those of libphonenumber's metadata, version 9.0.43 of November 2026, which are
 * made from the national numbering plans that the ITU publishes: of each country code the lengths
 * of fixed, mobile, personal and Internet numbers, the national prefix, and the international one.
 */
#include "config/numbering.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_CODE   3
#define LONGEST_NUMBER 15 /* digits, with the country code (E.164) */

#define D(n)            (1U << (n))
#define TO(least, most) ((2U << (most)) - (1U << (least)))

/* clang-format off */
/* Which numbers of digits can follow the country codes. */
static const struct {
    uint32_t lengths; /* bit n: n digits */
    const char *codes;
} plans[] = {
    {TO(4, 5), "290"},
    {D(4) | D(7), "683"},
    {TO(4, 7), "690"},
    {TO(4, 11), "352"},
    {TO(4, 13), "43"},
    {D(5), "247 500 682"},
    {D(5) | D(7), "676 677 678"},
    {TO(5, 7), "688"},
    {D(5) | D(8), "686"},
    {TO(5, 9), "27"},
    {TO(5, 7) | D(10), "685"},
    {TO(5, 10), "358"},
    {TO(5, 6) | TO(8, 11), "82"},
    {TO(5, 13), "49"},
    {D(6), "298 299 672 681 687"},
    {TO(6, 7), "597"},
    {D(6) | D(9), "376 40 508"},
    {TO(6, 7) | D(9), "421"},
    {TO(6, 9), "252 359"},
    {TO(6, 7) | D(10), "98"},
    {TO(6, 8) | D(10), "53"},
    {D(6) | TO(8, 10), "63"},
    {TO(6, 10), "880 95"},
    {TO(6, 12), "39"},
    {D(7), "238 239 246 248 269 291 297 501 592 673 674 679 680 691 692 960"},
    {TO(7, 8), "230 241 267 372 507 599 670 675 961 975"},
    {D(7) | D(9), "220 245 265 354 423 48"},
    {TO(7, 9), "231 254 46 595 967"},
    {TO(7, 10), "243 353"},
    {TO(7, 11), "86"},
    {TO(7, 12), "381 62 882"},
    {D(8), "216 222 223 226 227 228 232 235 236 253 257 266 268 350 356 357 370 371 373 374 382 "
     "386 389 45 47 502 503 504 505 506 509 591 598 65 689 852 853 965 968 973 974 993"},
    {TO(8, 9), "213 224 250 258 264 32 355 36 377 385 387 51 593 66 855 962 963 970 971"},
    {D(8) | D(10), "378 57 850 977"},
    {TO(8, 10), "20 60 64 856 964 976"},
    {TO(8, 11), "886"},
    {TO(8, 9) | TO(11, 12), "972"},
    {TO(8, 12), "383 883"},
    {D(9), "211 212 218 221 233 237 240 242 244 249 251 255 256 260 261 262 33 34 351 375 380 41 "
     "420 56 590 594 596 61 93 94 966 992 994 995 996 998"},
    {TO(9, 10), "263 44 81 84 881 92"},
    {D(9) | D(11), "31"},
    {D(9) | D(12), "870"},
    {D(10), "1 225 229 234 30 52 58 7 90 91"},
    {TO(10, 11), "54 55"},
    {D(12), "878"},
};

/* A 0 precedes the number within the country; no number begins with 0. */
static const char trunk_zero[] =
     "20 211 212 213 218 231 232 233 234 243 249 251 252 254 255 256 260 261 262 263 264 "
     "265 27 291 31 32 33 353 355 358 359 370 373 374 377 380 381 382 383 385 386 387 389 "
     "40 41 421 423 43 44 46 49 508 51 53 54 55 57 58 590 591 593 594 595 596 598 60 61 62 "
     "63 64 66 686 81 82 84 850 855 856 86 880 886 90 91 92 93 94 95 961 962 963 964 966 "
     "967 970 971 972 976 977 98 994 995 996";

/* Nothing precedes it; no number begins with 0. */
static const char trunk_none[] =
     "216 220 221 222 223 224 227 228 230 235 236 237 238 239 240 244 245 246 247 248 253 "
     "257 258 266 267 268 269 290 297 298 299 30 34 350 351 352 354 356 357 371 372 376 "
     "420 45 47 48 500 501 502 503 504 505 506 507 509 52 56 592 597 599 65 670 672 673 "
     "674 675 676 677 678 679 680 681 682 683 685 687 688 689 690 691 852 853 960 965 968 "
     "973 974 975 998";

/* Nothing precedes it, and numbers can begin with 0. */
static const char trunk_kept[] = "225 226 229 241 242 378 39 992";

/* 00 is the international prefix, and no longer one begins so. */
static const char prefix_00[] =
     "20 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 235 "
     "236 237 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 257 258 260 261 "
     "262 263 264 265 266 267 268 269 27 290 291 297 298 299 30 31 32 33 34 350 351 352 "
     "353 354 355 356 357 358 359 36 370 371 372 373 374 376 377 378 380 381 382 383 385 "
     "386 387 389 39 40 41 420 421 423 43 44 45 46 47 48 49 500 501 502 503 504 505 506 "
     "507 508 509 51 52 54 56 58 590 593 594 595 596 597 598 599 60 63 64 670 672 673 674 "
     "675 676 677 678 679 681 682 683 686 687 688 689 690 691 84 850 853 856 86 880 90 91 "
     "92 93 94 95 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 977 98 994 "
     "995 996 998";
/* clang-format on */

/* True if a list such as "1 44" has the code. */
static bool has_code(const char *list, const char *code, size_t length)
{
    for (bool begins = true; *list != '\0'; list++) {
        if (begins && strncmp(list, code, length) == 0 &&
            (list[length] == ' ' || list[length] == '\0'))
            return true;
        begins = *list == ' ';
    }
    return false;
}

/* The lengths that can follow a country code; 0: it is not known. */
static uint32_t lengths_of(const char *code, size_t length)
{
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
        if (has_code(plans[i].codes, code, length))
            return plans[i].lengths;
    return 0;
}

/* No country code is the beginning of another one. */
size_t numbering_code_length(const char *digits)
{
    size_t most = strspn(digits, "0123456789");
    for (size_t length = 1; length <= LONGEST_CODE && length <= most; length++)
        if (lengths_of(digits, length) != 0)
            return length;
    return 0;
}

static bool has(uint32_t lengths, size_t digits)
{
    return (lengths >> digits & 1U) != 0;
}

static void append(char *text, size_t size, const char *between, unsigned number)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, size - used, "%s%u", between, number);
}

/* Lengths in words: "10", "9 or 10", "6, 7 or 9", "5 to 13". */
static void describe(uint32_t lengths, char *text, size_t size)
{
    unsigned least = 1;
    unsigned most = LONGEST_NUMBER;
    while (!has(lengths, least))
        least++;
    while (!has(lengths, most))
        most--;
    *text = '\0';
    append(text, size, "", least);
    if (most - least > 1 && lengths == TO(least, most)) {
        append(text, size, " to ", most);
        return;
    }
    for (unsigned length = least + 1; length <= most; length++)
        if (has(lengths, length))
            append(text, size, length == most ? " or " : ", ", length);
}

const char *numbering_doubt(const char *number, char *text, size_t size)
{
    char usual[64];
    size_t code = numbering_code_length(number + 1);
    size_t digits = strlen(number + 1) - code;
    uint32_t lengths = code > 0 ? lengths_of(number + 1, code) : 0;
    if (lengths == 0 || digits > LONGEST_NUMBER || has(lengths, digits))
        return NULL;
    const char *what = "has the wrong length";
    if (lengths >> digits == 0)
        what = "is too long";
    else if ((lengths & (D(digits) - 1)) == 0)
        what = "is too short";
    describe(lengths, usual, sizeof(usual));
    (void)snprintf(text, size, "%s for +%.*s: %s digits follow it, not %zu", what, (int)code,
                   number + 1, usual, digits);
    return text;
}

enum trunk numbering_trunk(const char *code)
{
    size_t length = strlen(code);
    if (has_code(trunk_zero, code, length))
        return TRUNK_ZERO;
    if (has_code(trunk_none, code, length))
        return TRUNK_NONE;
    return has_code(trunk_kept, code, length) ? TRUNK_KEPT : TRUNK_UNKNOWN;
}

/* +1 has 011; but nothing that is dialled there begins with 00. */
bool numbering_has_00(const char *code)
{
    return strcmp(code, "1") == 0 || has_code(prefix_00, code, strlen(code));
}
