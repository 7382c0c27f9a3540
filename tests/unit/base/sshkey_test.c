/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of base/sshkey: the keys that sshd accepted, with the fingerprints that ssh-keygen prints.
 */
#include "../unit.h"

#include "base/sshkey.h"

/* Keys made for these tests alone: what ssh-keygen writes, and what ssh-keygen -l says of it. */
#define ED25519_TYPE  "ssh-ed25519"
#define ED25519_BLOB  "AAAAC3NzaC1lZDI1NTE5AAAAIIb9mumRsduOTSdbR6vMeMu77e5se9JJYvSDIagokmqv"
#define ED25519       ED25519_TYPE " " ED25519_BLOB
#define ED25519_PRINT "SHA256:gzGxiXWYNu1PFUhKUjsBw5cs0/jsYYRE8vPKVl/kqos"

#define RSA_TYPE "ssh-rsa"
#define RSA_BLOB                                                                                   \
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQC1xBEdX/oChKap2r6sdI11faCv+DW5S2teirc4j7rnX2m8x5wF"             \
    "mkZnlIyOuvNrTnTEvmxl1eFeu5cmlhuVVN5HyjzwVyW42cisPmxEkjh+j2tn5sJpcaUuS0sIpe540W/V"             \
    "5Lv1XB1pcAZISs7DBHopc3/DE3i1wJNFKEgq3i5JMOBGFgh+8Jd+WICf331Wj96TumjH9TsxkrEC/HL6"             \
    "RJitvZxJ4YE482GIP9B41Js9j+8zmNmDlInvUgMn9DmNp+0PRzuTxCRlQOd38+D0fjpNPKUFbS0vWGcE"             \
    "N9xjCXqDN4Y+nWHmDR445q4xPJigBIuaHh9BljEuW/BOcQloAzDd"
#define RSA       RSA_TYPE " " RSA_BLOB
#define RSA_PRINT "SHA256:pgvj44XNYFCMXYruBkY3J+IuGgE5Ro6ELq15ICtMr5I"

#define ECDSA256_TYPE "ecdsa-sha2-nistp256"
#define ECDSA256_BLOB                                                                              \
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFjHWy+Mjs6547Nuqvcbp8jn4Z0Z"             \
    "m93TxjwoDWFKz9qYb1y91FFStxhXz2PHZXROZz+u2uqmpXBxOj+f2isg8Mg="
#define ECDSA256       ECDSA256_TYPE " " ECDSA256_BLOB
#define ECDSA256_PRINT "SHA256:xS5c/bR3Fm53P4SPkgOuAt9FEzcUuCLz1uilpfqpVmE"

#define ECDSA521_TYPE "ecdsa-sha2-nistp521"
#define ECDSA521_BLOB                                                                              \
    "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAEbRUFmZ5eL5sjndsjLh4ixAr44"             \
    "EyOankQmOMj6suBMd+OL7ryGHBzEkaPYKmOH1N69W3mai2sX0Md9d+/FlwdoPQCo5d1o4uqc6mLBnDj3"             \
    "YNBodBMwETwtqavEjthYCDDdTeOws7vJDDuJwLvQzxs7qpNXxXSppcWoN3WHhJzvOleXrA=="
#define ECDSA521       ECDSA521_TYPE " " ECDSA521_BLOB
#define ECDSA521_PRINT "SHA256:w4UrXbbGccaa6iseqxJzHfSTfiUOyW2c74IXErSFn+U"

#define SECOND_TYPE  "ssh-ed25519"
#define SECOND_BLOB  "AAAAC3NzaC1lZDI1NTE5AAAAID+oNpv3sJE8tCvqvFFqbD7ZzkC0f45WlhsnKhEin68Y"
#define SECOND       SECOND_TYPE " " SECOND_BLOB
#define SECOND_PRINT "SHA256:Jmvg3pPlyNdQYSVCqXoNpSJmBSW5xl+jBnwRVIluNcg"

#define THIRD_TYPE  "ssh-ed25519"
#define THIRD_BLOB  "AAAAC3NzaC1lZDI1NTE5AAAAIL80O4wBdj/Lj0rV7a94E9Z9SebrXAwhg13PeWgeDPaO"
#define THIRD       THIRD_TYPE " " THIRD_BLOB
#define THIRD_PRINT "SHA256:5k60h6x+l5N2UThB7aqrXmEc+1r4WW6Miffrd1FIieg"

#define FOURTH_TYPE  "ssh-ed25519"
#define FOURTH_BLOB  "AAAAC3NzaC1lZDI1NTE5AAAAIDJ1RJz09g053s2qKF9526jRLwnFSqHEPGWVyJ6n62wT"
#define FOURTH       FOURTH_TYPE " " FOURTH_BLOB
#define FOURTH_PRINT "SHA256:xGpTlaj1WQYFqijyfRxDcOP6YiItM+k1+HHDfdZDorM"

#define FIFTH_TYPE  "ssh-ed25519"
#define FIFTH_BLOB  "AAAAC3NzaC1lZDI1NTE5AAAAIJPT2j8Zi9cqUJsz5xJj9JT2fM+ZZY+c8H0CQXN5+G+U"
#define FIFTH       FIFTH_TYPE " " FIFTH_BLOB
#define FIFTH_PRINT "SHA256:c93egIaaH9+77DBACyvvGhlGvG1hsG6AGQaNyNY5epw"

/* The first of them with a certificate. */
#define CERT_TYPE "ssh-ed25519-cert-v01@openssh.com"
#define CERT_BLOB                                                                                  \
    "AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIIGHGJwd/wmOOT/Pc8eo1uOmpVqq"             \
    "UTrVlloy/OjwfqgvAAAAIIb9mumRsduOTSdbR6vMeMu77e5se9JJYvSDIagokmqvAAAAAAAAAAAAAAAB"             \
    "AAAAAXgAAAAJAAAABWFsaWNlAAAAAAAAAAD//////////wAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9y"             \
    "d2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZv"             \
    "cndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAz"             \
    "AAAAC3NzaC1lZDI1NTE5AAAAIHQ1z7eei/2WRqVh8rCfeIhAeQ8MQtc4dxrNJ7GCkB/ZAAAAUwAAAAtz"             \
    "c2gtZWQyNTUxOQAAAECXRpvP+YXWMkXOtsHTq9fpmv7ciJTA7i/OgbAazvHLlq0DTxd1oTKVwKQSFIQS"             \
    "7n09bbr+u+hdIyFri7YtHfsI"
#define CERT CERT_TYPE " " CERT_BLOB

static struct {
    struct sshkeys keys;
    char after[64];
} out;

/* Reads a text and sees that these are the fingerprints, in that order. */
static void check_of(const char *what, const char *info, const char *const *prints, size_t count)
{
    memset(&out, '#', sizeof(out));
    sshkey_read(info, &out.keys);
    unit_same_number(what, (long long)out.keys.count, (long long)count);
    for (size_t i = 0; i < count; i++)
        unit_same_text(what, out.keys.fingerprint[i], prints[i]);
    for (size_t i = 0; i < sizeof(out.after); i++)
        unit_check(what, out.after[i] == '#', "nothing written after the keys");
}

static void check_none(const char *info)
{
    check_of(info, info, NULL, 0);
}

static void check_one(const char *info, const char *print)
{
    check_of(info, info, &print, 1);
}

static void test_a_key_has_the_fingerprint_that_ssh_keygen_shows(void **state)
{
    (void)state;
    static const struct {
        const char *info;
        const char *print;
    } cases[] = {
        {"publickey " ED25519 "\n", ED25519_PRINT},
        {"publickey " RSA "\n", RSA_PRINT},
        {"publickey " ECDSA256 "\n", ECDSA256_PRINT}, /* one "=" after it */
        {"publickey " ECDSA521 "\n", ECDSA521_PRINT}, /* two */
        {"publickey " SECOND "\n", SECOND_PRINT},
        {"publickey " ED25519, ED25519_PRINT}, /* no newline after it */
        {"publickey " ECDSA521, ECDSA521_PRINT},
        {"publickey " ED25519 "\n\n", ED25519_PRINT},
        {"\npublickey " ED25519 "\n", ED25519_PRINT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_one(cases[i].info, cases[i].print);
        assert_int_equal(strlen(cases[i].print), SSHKEY_FINGERPRINT_SIZE - 1);
    }
}

static void test_each_key_is_kept_in_its_order(void **state)
{
    (void)state;
    static const char *const two[] = {RSA_PRINT, ED25519_PRINT};
    static const char *const four[] = {ED25519_PRINT, RSA_PRINT, ECDSA256_PRINT, SECOND_PRINT};
    check_of("two", "publickey " RSA "\npublickey " ED25519 "\n", two, COUNT(two));
    check_of("two, no newline", "publickey " RSA "\npublickey " ED25519, two, COUNT(two));
    check_of("four",
             "publickey " ED25519 "\npublickey " RSA "\npublickey " ECDSA256 "\npublickey " SECOND
             "\n",
             four, COUNT(four));
}

static void test_keys_after_the_fourth_are_ignored(void **state)
{
    (void)state;
    static const char *const four[] = {SECOND_PRINT, THIRD_PRINT, FOURTH_PRINT, FIFTH_PRINT};
    check_of("six",
             "publickey " SECOND "\npublickey " THIRD "\npublickey " FOURTH "\npublickey " FIFTH
             "\npublickey " ED25519 "\npublickey " RSA "\n",
             four, COUNT(four));
    /* what is left out takes no place */
    check_of("five, and others between",
             "password\npublickey " SECOND "\npublickey " CERT "\npublickey " THIRD
             "\npublickey x\npublickey " FOURTH "\n\npublickey " FIFTH "\npublickey " ED25519 "\n",
             four, COUNT(four));
}

static void test_lines_of_other_methods_are_ignored(void **state)
{
    (void)state;
    static const char *const none[] = {
        "",
        "\n",
        "\n\n\n",
        "password\n",
        "keyboard-interactive/pam\n",
        "hostbased " ED25519 "\n",
        "gssapi-with-mic alice@EXAMPLE.ORG\n",
        "publickey\n",
        "publickey \n",
        "publickey",
        "publickey/x " ED25519 "\n",
        "publickeys " ED25519 "\n",
        "xpublickey " ED25519 "\n",
        " publickey " ED25519 "\n",
        "Publickey " ED25519 "\n",
        "publickey\t" ED25519 "\n",
        "publickey" ED25519 "\n",
        "password publickey " ED25519 "\n",
        "password\rpublickey " ED25519 "\n",
        ED25519 "\n",
    };
    for (size_t i = 0; i < COUNT(none); i++)
        check_none(none[i]);
    check_one("password\npublickey " ED25519 "\nkeyboard-interactive/pam\n", ED25519_PRINT);
    check_one("hostbased " RSA "\npublickey " ED25519 "\n", ED25519_PRINT);
}

static void test_a_certificate_is_ignored(void **state)
{
    (void)state;
    check_none("publickey " CERT "\n");
    check_one("publickey " CERT "\npublickey " RSA "\n", RSA_PRINT);
    /* nor does it count under the name of its key */
    check_none("publickey " ED25519_TYPE " " CERT_BLOB "\n");
    check_none("publickey " CERT_TYPE " " ED25519_BLOB "\n");
}

static void test_a_key_of_another_type_than_its_blob_is_ignored(void **state)
{
    (void)state;
    static const char *const none[] = {
        "publickey " RSA_TYPE " " ED25519_BLOB "\n",
        "publickey " ED25519_TYPE " " RSA_BLOB "\n",
        "publickey " ECDSA521_TYPE " " ECDSA256_BLOB "\n",
        "publickey rsa-sha2-256 " RSA_BLOB "\n",
        "publickey ssh-ed2551 " ED25519_BLOB "\n",
        "publickey ssh-ed255199 " ED25519_BLOB "\n",
        "publickey SSH-ED25519 " ED25519_BLOB "\n",
        "publickey ssh- " ED25519_BLOB "\n",
        "publickey  " ED25519_BLOB "\n", /* none at all */
        "publickey " ED25519_BLOB "\n",
        "publickey " ED25519_TYPE "\n",
        "publickey " ED25519_TYPE " \n",
        "publickey " ED25519_TYPE "\t" ED25519_BLOB "\n",
        "publickey " ED25519_TYPE "\n" ED25519_BLOB "\n",
        "publickey " ED25519_TYPE
        " AAD//3NzaC1lZDI1NTE5AAAAIIb9mumRsduOTSdbR6vMeMu77e5se9JJYvSDIagokmqv\n", /* the name is
                                                                                      longer than
                                                                                      the blob */
        "publickey " ED25519_TYPE
        " AAAACnNzaC1lZDI1NTE5AAAAIIb9mumRsduOTSdbR6vMeMu77e5se9JJYvSDIagokmqv\n", /* the name is
                                                                                      one shorter */
        "publickey " ED25519_TYPE
        " AQAAC3NzaC1lZDI1NTE5AAAAIIb9mumRsduOTSdbR6vMeMu77e5se9JJYvSDIagokmqv\n", /* the name has
                                                                                      2^24 more */
        "publickey " ED25519_TYPE
        " AAEAC3NzaC1lZDI1NTE5AAAAIIb9mumRsduOTSdbR6vMeMu77e5se9JJYvSDIagokmqv\n", /* the name has
                                                                                      2^16 more */
        "publickey " ED25519_TYPE " AAAAC3NzaC1lZDI1NTE5\n", /* nothing but the name */
        "publickey " ED25519_TYPE " AAAAC3NzaC1l\n",         /* a part of the name */
        "publickey " ED25519_TYPE " AAAACw==\n",             /* a length alone */
        "publickey " ED25519_TYPE " AA==\n",                 /* one byte */
        "publickey " ED25519_TYPE
        " AAAAC3NzaC1lZDI1NTE4AAAAIIb9mumRsduOTSdbR6vMeMu77e5se9JJYvSDIagokmqv\n", /* another name
                                                                                    */
    };
    for (size_t i = 0; i < COUNT(none); i++)
        check_none(none[i]);
}

static void test_text_that_is_not_base64_is_ignored(void **state)
{
    (void)state;
    static const char *const none[] = {
        "publickey " ED25519 "=\n",
        "publickey " ED25519 "==\n",
        "publickey " ED25519 "A\n",
        "publickey " ED25519 " comment\n",
        "publickey " ED25519 " c\n",
        "publickey " ED25519 "\r\n",
        "publickey " ED25519_TYPE " A" ED25519_BLOB "\n",
        "publickey " ED25519_TYPE " AAAAC3NzaC1lZDI1NTE5\n",
        "publickey " ED25519_TYPE " AAAAC3NzaC1lZDI1NTE5*AAA\n",
        "publickey " ED25519_TYPE " ====\n",
        "publickey " ED25519_TYPE " A===\n",
        "publickey " ED25519_TYPE " =\n",
        "publickey " ED25519_TYPE " \xff\xff\xff\xff\n",
    };
    for (size_t i = 0; i < COUNT(none); i++)
        check_none(none[i]);
}

/* libcrypto takes blanks around base64, a "-" as its end, and "=" within; sshd writes none. */
static void test_only_canonical_base64_is_accepted(void **state)
{
    (void)state;
    static const char *const none[] = {
        "publickey " ED25519_TYPE "     " ED25519_BLOB "\n",
        "publickey " ED25519_TYPE " \t\t\t\t" ED25519_BLOB "\n",
        "publickey " ED25519 "    \n",
        "publickey " ED25519 "\t\t\t\t\n",
        "publickey " ED25519 "   \r\n",
        "publickey " ED25519 "----\n",
        "publickey " ECDSA521 "    \n",
        "publickey " ECDSA521 "----\n",
        "publickey " ED25519 "====\n",
        "publickey " ED25519 "A===\n",
        "publickey " ED25519_TYPE
        " AAAAC3NzaC1lZDI1NTE5AAAAIIb9mu-RsduOTSdbR6vMeMu77e5se9JJYvSDIagokmqv\n", /* url-safe
                                                                                      alphabet */
        "publickey " ED25519_TYPE
        " AAAAC3NzaC1lZDI1NTE5AAAAIIb9mum_sduOTSdbR6vMeMu77e5se9JJYvSDIagokmqv\n", /* the other of
                                                                                      it */
        "publickey " ED25519_TYPE
        " AAAAC3NzaC1lZDI1NTE5AAAAIIb9mumRsduOTSdb=6vMeMu77e5se9JJYvSDIagokmqv\n", /* padding in the
                                                                                      middle */
        "publickey " ED25519_TYPE
        " AAAAC3NzaC1lZDI1NTE5AAAAIIb9mumRsduOTSdb==vMeMu77e5se9JJYvSDIagokmqv\n", /* the same */
        "publickey " ED25519_TYPE
        " AAAAC3NzaC1lZDI1NTE5AAAAIIb9mumRsduOTSdbR6vM Mu77e5se9JJYvSDIagokmqv\n", /* a blank in the
                                                                                      middle */
        "publickey " ED25519_TYPE
        " AAAAC3NzaC1lZDI1NTE5AAAAIIb9mumRsduOTSdbR6vMeMu77e\"e9JJYvSDIagokmqv\n", /* a quote */
    };
    for (size_t i = 0; i < COUNT(none); i++)
        check_none(none[i]);
}

static void test_a_long_text_is_read_within_its_bounds(void **state)
{
    (void)state;
    static char filler[7001];
    static char info[8192];
    unit_repeat(filler, sizeof(filler), "A", 7000);
    (void)snprintf(info, sizeof(info), "publickey ssh-ed25519 %s\n", filler);
    check_none(info);
    (void)snprintf(info, sizeof(info), "publickey %s\n", filler);
    check_none(info);
    (void)snprintf(info, sizeof(info), "publickey %s AAAA\n", filler);
    check_none(info);
    (void)snprintf(info, sizeof(info), "%s\npublickey " ED25519 "\n", filler);
    check_one(info, ED25519_PRINT);
}

/* Wherever the text ends: what is left of a key has not the fingerprint of the whole. */
static void test_a_truncated_text_gives_no_other_key(void **state)
{
    (void)state;
    static const char text[] = "publickey " ED25519 "\npublickey " ECDSA256 "\n";
    static const char first[] = "publickey " ED25519;
    for (size_t length = 0; length < sizeof(text); length++) {
        char *info = strndup(text, length);
        assert_non_null(info);
        sshkey_read(info, &out.keys);
        free(info);
        bool whole = out.keys.count > 0 && strcmp(out.keys.fingerprint[0], ED25519_PRINT) == 0;
        bool both = out.keys.count > 1 && strcmp(out.keys.fingerprint[1], ECDSA256_PRINT) == 0;
        unit_same_number("the first", whole, length >= strlen(first));
        unit_same_number("the second", both, length >= sizeof(text) - 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_has_the_fingerprint_that_ssh_keygen_shows),
        cmocka_unit_test(test_each_key_is_kept_in_its_order),
        cmocka_unit_test(test_keys_after_the_fourth_are_ignored),
        cmocka_unit_test(test_lines_of_other_methods_are_ignored),
        cmocka_unit_test(test_a_certificate_is_ignored),
        cmocka_unit_test(test_a_key_of_another_type_than_its_blob_is_ignored),
        cmocka_unit_test(test_text_that_is_not_base64_is_ignored),
        cmocka_unit_test(test_only_canonical_base64_is_accepted),
        cmocka_unit_test(test_a_long_text_is_read_within_its_bounds),
        cmocka_unit_test(test_a_truncated_text_gives_no_other_key),
    };
    return cmocka_run_group_tests_name("sshkey", tests, NULL, NULL);
}
