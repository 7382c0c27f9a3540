/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/config: what swmfa.conf may say, what it means, and what is said of its errors.
 */
#include "unit.h"

#include "config/config.h"

#include <ini.h>

#define SECRET "PT-secret"

/* The least that is a configuration: lines 1 to 4. */
#define SIGNALWIRE "[signalwire]\nspace = example\nproject_id = project\n"
#define LEAST      SIGNALWIRE "api_token = " SECRET "\n"
#define FROM       "from = +12029167968\n" /* what a message needs */

#if HAVE_DECL_INI_MAX_LINE
#define LONGEST 4094
#else
#define LONGEST (INI_MAX_LINE - 2)
#endif
#define LARGEST (1024 * 1024 - 1) /* of a file */

static struct config config;
static struct problem problem = {0};

/* Loads a file of that content. Where it is good the caller owes config_free. */
static bool load_of(const void *content, size_t length)
{
    memset(&config, 0x55, sizeof(config));
    memset(&problem, 0, sizeof(problem));
    char *path = unit_file_of("swmfa.conf", content, length, 0600);
    bool good = config_load(path, &config, &problem);
    unit_remove(path);
    return good;
}

static bool load(const char *content)
{
    return load_of(content, strlen(content));
}

static void check_loads(const char *content)
{
    if (!load(content))
        fail_msg("refused: %s\n%s", problem.text, content);
    unit_same_text(content, problem.text, "");
}

/* The problem is the path and then expected; nothing is owed, and the token is not told. */
static void check_problem(const char *what, const char *expected)
{
    static const struct config nothing;
    struct problem whole = {0};
    char *path = unit_path("swmfa.conf");
    problem_set(&whole, "%s%s", path, expected);
    free(path);
    unit_same_text(what, problem.text, whole.text);
    unit_check(what, memcmp(&config, &nothing, sizeof(config)) == 0, "nothing left in the config");
    unit_check(what, strstr(problem.text, SECRET) == NULL, "no token in the problem");
}

static void check_refused(const char *content, const char *expected)
{
    if (load(content)) {
        config_free(&config);
        fail_msg("loads:\n%s", content);
    }
    check_problem(content, expected);
}

/* LEAST and one more key: the line of that key is 6 for [swmfa], 5 for [signalwire]. */
static const char *with_key(const char *section, const char *name, const char *value)
{
    bool ours = strcmp(section, "signalwire") == 0;
    return unit_format("%s%s%s = %s\n", LEAST, ours ? "" : "[swmfa]\n", name, value);
}

static void check_key_refused(const char *section, const char *name, const char *expected,
                              const char *value)
{
    int line = strcmp(section, "signalwire") == 0 ? 5 : 6;
    check_refused(with_key(section, name, value), unit_format(":%d: [%s] %s: %s, not \"%s\"", line,
                                                              section, name, expected, value));
}

/* ---- what a good file means ---- */

static void check_text(const char *what, const char *found, const char *expected)
{
    if (found == NULL || expected == NULL)
        unit_check(what, found == expected, expected == NULL ? "none" : expected);
    else
        unit_same_text(what, found, expected);
}

static void check_defaults(void)
{
    assert_int_equal(config.providers, 0);
    assert_int_equal(config.channel, CHANNEL_SMS);
    check_text("users", config.users, SWMFA_USERS_PATH);
    assert_int_equal(config.unmapped, UNMAPPED_DENY);
    assert_int_equal(config.fail, FAIL_SECURE);
    assert_int_equal(config.tries, 3);
    assert_int_equal(config.echo, 1);
    assert_int_equal(config.connect_timeout, 5);
    assert_int_equal(config.timeout, 10);
    check_text("endpoint", config.signalwire.endpoint, NULL);
    check_text("api_token_file", config.signalwire.api_token_file, NULL);
    check_text("from", config.signalwire.from, NULL);
    check_text("message", config.signalwire.message, NULL);
    assert_int_equal(config.signalwire.token_length, 6);
    assert_int_equal(config.signalwire.valid_for, 300);
    assert_int_equal(config.signalwire.max_attempts, 3);
    assert_int_equal(config.signalwire.allow_alphas, 0);
    check_text("ca_file", config.signalwire.ca_file, NULL);
    check_text("ca_pem", config.signalwire.ca_pem, NULL);
}

static void test_a_key_that_is_not_given_has_its_default(void **state)
{
    (void)state;
    check_loads(LEAST);
    check_defaults();
    check_text("space", config.signalwire.space, "example");
    check_text("project_id", config.signalwire.project_id, "project");
    check_text("api_token", config.signalwire.api_token.text, SECRET);
    config_free(&config);
}

static void test_each_key_has_the_value_that_is_given(void **state)
{
    (void)state;
    check_loads("[swmfa]\n"
                "providers = signalwire\n"
                "channel = call\n"
                "users = /srv/users\n"
                "unmapped = ignore\n"
                "fail = safe\n"
                "tries = 7\n"
                "echo = no\n"
                "connect_timeout = 11\n"
                "timeout = 29\n"
                "[signalwire]\n"
                "endpoint = https://localhost:8443\n"
                "project_id = 00000000-0000-0000-0000-000000000000\n"
                "api_token = !~;#\"=:[]x\n"
                "from = +12029167968\n"
                "message = Code for example.org:\n"
                "token_length = 8\n"
                "valid_for = 180\n"
                "max_attempts = 20\n"
                "allow_alphas = yes\n");
    assert_int_equal(config.providers, 0);
    assert_int_equal(config.channel, CHANNEL_CALL);
    check_text("users", config.users, "/srv/users");
    assert_int_equal(config.unmapped, UNMAPPED_IGNORE);
    assert_int_equal(config.fail, FAIL_SAFE);
    assert_int_equal(config.tries, 7);
    assert_int_equal(config.echo, 0);
    assert_int_equal(config.connect_timeout, 11);
    assert_int_equal(config.timeout, 29);
    check_text("space", config.signalwire.space, NULL);
    check_text("endpoint", config.signalwire.endpoint, "https://localhost:8443");
    check_text("project_id", config.signalwire.project_id, "00000000-0000-0000-0000-000000000000");
    check_text("api_token", config.signalwire.api_token.text, "!~;#\"=:[]x");
    check_text("from", config.signalwire.from, "+12029167968");
    check_text("message", config.signalwire.message, "Code for example.org:");
    assert_int_equal(config.signalwire.token_length, 8);
    assert_int_equal(config.signalwire.valid_for, 180);
    assert_int_equal(config.signalwire.max_attempts, 20);
    assert_int_equal(config.signalwire.allow_alphas, 1);
    config_free(&config);
    assert_null(config.users);
    assert_null(config.signalwire.api_token.text);
}

static void test_the_form_of_a_good_line_is_free(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        int tries;
    } cases[] = {
        {LEAST "[swmfa]\ntries=7\n", 7},
        {LEAST "[swmfa]\ntries =7\n", 7},
        {LEAST "[swmfa]\n\ttries\t=\t7\t\n", 7},
        {LEAST "[swmfa]\ntries: 7\n", 7},
        {LEAST "[swmfa]\ntries = 007\n", 7},
        {LEAST "[swmfa]\n  tries = 7  \n", 7},
        {LEAST "[swmfa]\necho = yes\n  tries = 7\n    timeout = 9\n", 7}, /* no continuation */
        {LEAST "  [swmfa]\n  tries = 7\n", 7},
        {LEAST "[swmfa] ; comment\ntries = 7 ; seven\n", 7},
        {LEAST "[swmfa];comment\ntries = 7\t;seven\n", 7},
        {LEAST "[swmfa] # comment\n;tries = 8\n#tries = 9\n  ; tries = 10\ntries = 7\n", 7},
        {LEAST "\n\n \t\n[swmfa]\n\n\ntries = 7\n\n\n", 7},
        {LEAST "[swmfa]\n[swmfa]\ntries = 7\n", 7},
        {LEAST "[swmfa]\n[signalwire]\n[swmfa]\ntries = 7\n", 7},
        {"[swmfa]\ntries = 7\n" LEAST, 7},
        {LEAST "[swmfa]\ntries = 7", 7}, /* no newline at the end */
        {LEAST "[swmfa]\n;tries = 7", 3},
        {LEAST "[swmfa]", 3},
        {LEAST "[swmfa]\n; a comment with = and ] and [other]\n", 3},
        {"\xef\xbb\xbf" LEAST "[swmfa]\ntries = 7\n", 7}, /* a byte order mark */
        {"\xef\xbb\xbf[swmfa]\ntries = 7\n" LEAST, 7},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_loads(cases[i].content);
        unit_same_number(cases[i].content, config.tries, cases[i].tries);
        check_text(cases[i].content, config.signalwire.api_token.text, SECRET);
        config_free(&config);
    }
}

static void test_only_a_semicolon_behind_a_blank_begins_a_comment(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *message;
    } cases[] = {
        {"message = a ; b\n", "a"},
        {"message = a;b\n", "a;b"},
        {"message = a; b ;c ;d\n", "a; b"},
        {"message = a # b\n", "a # b"},
        {"message = a = b: c\n", "a = b: c"},
        {"message = \"a\"\n", "\"a\""},
        {"message =   a  b   \n", "a  b"},
        {"message = [swmfa]\n", "[swmfa]"},
        {"message: a\n", "a"},
        {"message = a\t;b\n", "a"},
        {"message = a\\\n", "a\\"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_loads(unit_format("%s%s%s", LEAST, FROM, cases[i].line));
        check_text(cases[i].line, config.signalwire.message, cases[i].message);
        config_free(&config);
    }
}

/* ---- values ---- */

static void test_a_number_is_within_its_range(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *name;
        size_t offset;
        int min;
        int max;
    } keys[] = {
        {"swmfa", "tries", offsetof(struct config, tries), 1, 10},
        {"swmfa", "connect_timeout", offsetof(struct config, connect_timeout), 1, 30},
        {"swmfa", "timeout", offsetof(struct config, timeout), 1, 30},
        {"signalwire", "token_length", offsetof(struct config, signalwire.token_length), 4, 20},
        {"signalwire", "valid_for", offsetof(struct config, signalwire.valid_for), 1, 604800},
        {"signalwire", "max_attempts", offsetof(struct config, signalwire.max_attempts), 1, 20},
    };
    static const char *const wrong[] = {
        "",
        "-1",
        "+5",
        "5x",
        "x",
        "5.0",
        "0x5",
        "5e0",
        "5 5",
        "5,5",
        "\"5\"",
        "0",
        "5 # 5",
        "5;",
        "999999999",
        "9999999999", /* ten digits */
        "4294967301",
        "18446744073709551621", /* 5 where numbers wrap round */
        "99999999999999999999999999999999",
        "\xd9\xa5" /* an Arabic 5 */,
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        char expected[64];
        (void)snprintf(expected, sizeof(expected), "%d to %d", keys[i].min, keys[i].max);
        for (int good = 0; good <= 1; good++) {
            int number = good == 0 ? keys[i].min : keys[i].max;
            check_loads(with_key(keys[i].section, keys[i].name, unit_format("%d", number)));
            const char *member = (const char *)&config + keys[i].offset;
            assert_memory_equal(member, &number, sizeof(number));
            config_free(&config);
            check_key_refused(keys[i].section, keys[i].name, expected,
                              unit_format("%d", good == 0 ? number - 1 : number + 1));
        }
        for (size_t j = 0; j < COUNT(wrong); j++)
            check_key_refused(keys[i].section, keys[i].name, expected, wrong[j]);
    }
}

static void test_a_word_is_one_of_those_that_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *name;
        const char *expected;
        const char *wrong;
    } cases[] = {
        {"swmfa", "providers", "signalwire", "bandwidth"},
        {"swmfa", "providers", "signalwire", "signalwire, signalwire"},
        {"swmfa", "channel", "sms or call", "voice"},
        {"swmfa", "channel", "sms or call", "sms,call"},
        {"swmfa", "channel", "sms or call", "SMS"},
        {"swmfa", "unmapped", "deny or ignore", "allow"},
        {"swmfa", "unmapped", "deny or ignore", "ignored"},
        {"swmfa", "unmapped", "deny or ignore", "den"},
        {"swmfa", "fail", "secure or safe", "open"},
        {"swmfa", "fail", "secure or safe", "Safe"},
        {"swmfa", "echo", "no or yes", "true"},
        {"swmfa", "echo", "no or yes", "1"},
        {"signalwire", "allow_alphas", "no or yes", "YES"},
        {"signalwire", "allow_alphas", "no or yes", "yes no"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_key_refused(cases[i].section, cases[i].name, cases[i].expected, cases[i].wrong);
        check_key_refused(cases[i].section, cases[i].name, cases[i].expected, "");
    }
}

static void test_a_path_is_absolute(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *name;
    } keys[] = {{"swmfa", "users"}, {"signalwire", "ca_file"}};
    static const char *const wrong[] = {"", "file", "./file", "../file", "~/file", "\"/file\""};
    for (size_t i = 0; i < COUNT(keys); i++)
        for (size_t j = 0; j < COUNT(wrong); j++)
            check_key_refused(keys[i].section, keys[i].name, "an absolute path", wrong[j]);
}

static void test_a_token_in_the_place_of_its_files_name_is_not_told(void **state)
{
    (void)state;
    check_refused(SIGNALWIRE "api_token_file = PT-misplaced\n",
                  ":4: [signalwire] api_token_file: an absolute path");
    check_refused("[signalwire]\nendpoint = https://project:PT-misplaced@localhost\n",
                  ":2: [signalwire] endpoint: https://HOST or https://HOST:PORT");
    check_refused("[signalwire]\nspace = PT0123456789012345678901234567890123456789\n",
                  ":2: [signalwire] space: the SPACE of https://SPACE.signalwire.com");
    check_refused(SIGNALWIRE "api_token PT-misplaced:x\n",
                  ":4: [signalwire] api_token: unknown key");
}

static void test_from_is_an_e164_number(void **state)
{
    (void)state;
    static const char *const good[] = {"+12029167968", "+15", "+155501001234567"};
    static const char *const wrong[] = {
        "",
        "+",
        "+1",
        "12029167968",
        "+02029167968",
        "+1555010012345678",
        "+1 202 916 7968",
        "+1-202-916-7968",
        "+1202916796x",
        "tel:+12029167968",
        "++12029167968",
        "+12029167968 # no",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_key("signalwire", "from", good[i]));
        check_text("from", config.signalwire.from, good[i]);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_key_refused("signalwire", "from", "an E.164 number such as +12029167968", wrong[i]);
}

/* The least, with other values of its own keys. */
static const char *with_space(const char *space)
{
    return unit_format("[signalwire]\nspace = %s\nproject_id = p\napi_token = t\n", space);
}

static const char *with_endpoint(const char *endpoint)
{
    return unit_format("[signalwire]\nendpoint = %s\nproject_id = p\napi_token = t\n", endpoint);
}

static const char *with_project(const char *project)
{
    return unit_format("[signalwire]\nspace = a\nproject_id = %s\napi_token = t\n", project);
}

static const char *with_token(const char *token)
{
    return unit_format(SIGNALWIRE "api_token = %s\n", token);
}

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static void test_a_space_is_one_label_of_a_host_name(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "example", "my-space", "0a", "1", "a--b", LABEL_63};
    static const char *const wrong[] = {
        "",
        "-",
        "-a",
        "a-",
        "Example",
        "a.b",
        "a_b",
        "a/b",
        "a:1",
        "a?b",
        "a#b",
        "a b",
        "../a",
        "example.signalwire.com",
        "https://example.signalwire.com",
        "ex\xc3\xa4mple",
        "a%2f",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_space(good[i]));
        check_text("space", config.signalwire.space, good[i]);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_refused(with_space(wrong[i]), unit_format(":2: [signalwire] space: the SPACE of "
                                                        "https://SPACE.signalwire.com, not \"%s\"",
                                                        wrong[i]));
}

static void test_an_endpoint_is_an_https_host(void **state)
{
    (void)state;
    static const char *const good[] = {
        "https://localhost",
        "https://localhost:8443",
        "https://example.signalwire.com:443",
        "https://192.0.2.1",
        "https://192.0.2.1:8443",
        "https://[2001:db8::1]",
        "https://[::1]:8443",
        "https://Example.ORG",
        "https://a-b.example",
        "https://a:1",
        "https://[::ffff:192.0.2.1]:65535",
    };
    static const char *const wrong[] = {
        "",
        "localhost",
        "localhost:8443",
        "http://localhost",
        "HTTPS://localhost",
        "https:localhost",
        "https:/localhost",
        "https://",
        "https://:8443",
        "https:///",
        "https://localhost/",
        "https://localhost/api",
        "https://localhost:8443/",
        "https://localhost?a",
        "https://localhost#a",
        "https://localhost:",
        "https://localhost:x",
        "https://localhost:123456",
        "https://localhost:-1",
        "https://localhost:80:80",
        "https://local host",
        "https://local_host",
        "https://local%68ost",
        "https://local\\host",
        "https://-localhost",
        "https://localhost-",
        "https://localhost.",
        "https://.localhost",
        "https://::1",
        "https://[::1",
        "https://::1]",
        "https://[]",
        "https://[::1]8443",
        "https://[localhost]",
        "https://[fe80::1%eth0]",
        "https://ex\xc3\xa4mple",
        "file:///etc/passwd",
        "xhttps://localhost",
        "\"https://localhost\"",
        "https://localhost, https://localhost",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_endpoint(good[i]));
        check_text("endpoint", config.signalwire.endpoint, good[i]);
        check_text("space", config.signalwire.space, NULL);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_refused(with_endpoint(wrong[i]),
                      unit_format(":2: [signalwire] endpoint: https://HOST or https://HOST:PORT, "
                                  "not \"%s\"",
                                  wrong[i]));
}

static void test_a_project_id_has_its_form(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "Z9._-", "00000000-0000-0000-0000-000000000000"};
    static const char *const wrong[] = {"", "a b", "a:b", "a/b", "a@b", "\xc3\xa9", "a #b", "a\tb"};
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_project(good[i]));
        check_text("project_id", config.signalwire.project_id, good[i]);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_refused(with_project(wrong[i]),
                      ":3: [signalwire] project_id: up to 1024 letters, digits, dots, hyphens, "
                      "underscores");
}

static const char *with_users(const char *users)
{
    return unit_format(LEAST "[swmfa]\nusers = /%s\n", users + 1);
}

static void test_a_value_has_at_most_1024_bytes(void **state)
{
    (void)state;
    static const char *(*const forms[])(const char *) = {with_project, with_token, with_users};
    if (LONGEST < 2048)
        skip(); /* this inih has shorter lines */
    char value[1100];
    for (size_t i = 0; i < COUNT(forms); i++) {
        check_loads(forms[i](unit_repeat(value, sizeof(value), "a", 1024)));
        config_free(&config);
        if (load(forms[i](unit_repeat(value, sizeof(value), "a", 1025)))) {
            config_free(&config);
            fail_msg("form %zu has 1025 bytes", i);
        }
    }
}

#define TOKEN_FORM "[signalwire] api_token: up to 1024 printable characters, no blanks"

static void test_a_token_is_never_told(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *problem;
    } cases[] = {
        {SIGNALWIRE "api_token =\n", ":4: " TOKEN_FORM},
        {SIGNALWIRE "api_token = " SECRET " x\n", ":4: " TOKEN_FORM},
        {SIGNALWIRE "api_token = x " SECRET "\n", ":4: " TOKEN_FORM},
        {SIGNALWIRE "api_token = " SECRET "\tx\n", ":4: " TOKEN_FORM},
        {SIGNALWIRE "api_token = " SECRET "\xc3\xa9\n", ":4: " TOKEN_FORM},
        {SIGNALWIRE "api_token = \xc2\xa0" SECRET "\n", ":4: " TOKEN_FORM},
        {LEAST "api_token = " SECRET "\n",
         ":5: [signalwire] api_token: given twice, the other time above"},
        {LEAST "[swmfa]\napi_token = " SECRET "\n", ":6: [swmfa] api_token: unknown key"},
        {SIGNALWIRE "token = " SECRET "\n", ":4: [signalwire] token: unknown key"},
        {SIGNALWIRE "api_token " SECRET "\n", ":4: expected [section] or key = value"},
        {SIGNALWIRE "api_token = x\n" SECRET "\n", ":5: expected [section] or key = value"},
        {SIGNALWIRE "api_token = " SECRET "\033\n", ":4: control character 0x1b"},
        {SIGNALWIRE "api_token = " SECRET "\r\n",
         ":4: control character 0x0d: save the file with Unix line ends"},
        {SIGNALWIRE "api_token_file = /token\napi_token = " SECRET "\n",
         ":4: [signalwire] api_token_file: give api_token or api_token_file, not both"},
    };
    char filler[1100];
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(cases[i].content, cases[i].problem);
    if (LONGEST >= 2048)
        check_refused(with_token(
                          unit_format(SECRET "%s", unit_repeat(filler, sizeof(filler), "x", 1024))),
                      ":4: " TOKEN_FORM);
}

/* ---- the lines ---- */

static void test_a_line_that_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *problem;
    } cases[] = {
        /* keys */
        {LEAST "try = 3\n", ":5: [signalwire] try: unknown key"},
        {LEAST "tries = 3\n", ":5: [signalwire] tries: unknown key"}, /* of another section */
        {LEAST "Token_length = 6\n", ":5: [signalwire] Token_length: unknown key"},
        {LEAST "token length = 6\n", ":5: [signalwire] token: unknown key"},
        {LEAST "[swmfa]\nunmaped = deny\n", ":6: [swmfa] unmaped: unknown key"},
        {LEAST "= 3\n", ":5: [signalwire] : unknown key"},
        {"tries = 3\n" LEAST, ":1: [] tries: unknown key: it stands before any [section]"},
        {"\n; comment\n  space = a\n" LEAST,
         ":3: [] space: unknown key: it stands before any [section]"},
        {"tries = 3", ":1: [] tries: unknown key: it stands before any [section]"},
        {LEAST "space = other\n", ":5: [signalwire] space: given twice, the other time above"},
        {LEAST "space = example\n", ":5: [signalwire] space: given twice, the other time above"},
        {LEAST "[swmfa]\ntries = 3\n\n\ntries = 3\n",
         ":9: [swmfa] tries: given twice, the other time above"},
        {"[swmfa]\ntries = 3\n" LEAST "[swmfa]\ntries = 4\n",
         ":8: [swmfa] tries: given twice, the other time above"},
        {LEAST "[swmfa]\necho = yes\n  echo = no\n",
         ":7: [swmfa] echo: given twice, the other time above"},
        /* sections */
        {LEAST "[other]\n", ":5: unknown section [other]"},
        {LEAST "[other]", ":5: unknown section [other]"},
        {LEAST "[other]\ntries = 3\n", ":5: unknown section [other]"},
        {"[other]\n" LEAST, ":1: unknown section [other]"},
        {LEAST "  [other]\n", ":5: unknown section [other]"},
        {LEAST "[]\n", ":5: unknown section []"},
        {LEAST "[Swmfa]\n", ":5: unknown section [Swmfa]"},
        {LEAST "[ swmfa ]\n", ":5: unknown section [ swmfa ]"},
        {LEAST "[swmf]\n", ":5: unknown section [swmf]"},
        {LEAST "[swmfas]\n", ":5: unknown section [swmfas]"},
        {LEAST "[bandwidth]\naccount = 1\n", ":5: unknown section [bandwidth]"},
        {LEAST "[swmfa ; x]\n", ":5: unknown section [?]"},
        {LEAST "[[swmfa]]\n", ":5: unknown section [?]"},
        {LEAST "[swmfa] x\n", ":5: expected nothing behind [swmfa]"},
        {LEAST "[swmfa]]\n", ":5: expected nothing behind [swmfa]"},
        {LEAST "[swmfa]tries = 3\n", ":5: expected nothing behind [swmfa]"},
        {LEAST "[swmfa] [other]\n", ":5: expected nothing behind [swmfa]"},
        {LEAST "[swmfa\ntries = 3\n", ":5: expected [section] or key = value"},
        {LEAST "[\n", ":5: expected [section] or key = value"},
        /* neither */
        {LEAST "tries\n", ":5: expected [section] or key = value"},
        {LEAST "tries", ":5: expected [section] or key = value"},
        {LEAST "swmfa]\n", ":5: expected [section] or key = value"},
        {LEAST "[swmfa]\ntries = 3\n 4\n", ":7: expected [section] or key = value"},
        {LEAST "tries ; = 3\n", ":5: expected [section] or key = value"},
        {LEAST "// comment = 3\n", ":5: [signalwire] ?: unknown key"},
        /* the first error is the one that is told */
        {LEAST "x\ny = 1\n[other]\n", ":5: expected [section] or key = value"},
        {LEAST "y = 1\nx\n[other]\n", ":5: [signalwire] y: unknown key"},
        {LEAST "[other]\nx\ny = 1\n", ":5: unknown section [other]"},
        {LEAST "x\n[other]\n", ":5: expected [section] or key = value"},
        {"[signalwire]\ntoken_length = 3\n", ":2: [signalwire] token_length: 4 to 20, not \"3\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(cases[i].content, cases[i].problem);
}

static void test_a_byte_order_mark_hides_no_error(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *problem;
    } cases[] = {
        {"\xef\xbb\xbf[swmfa]\ntries = 0\n" LEAST, ":2: [swmfa] tries: 1 to 10, not \"0\""},
        {"\xef\xbb\xbftries = 3\n" LEAST,
         ":1: [] tries: unknown key: it stands before any [section]"},
        {"\xef\xbb\xbf[other]\n" LEAST, ":1: unknown section [other]"},
        {"\xef\xbb\xbf[swmfa] x\n" LEAST, ":1: expected nothing behind [swmfa]"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(cases[i].content, cases[i].problem);
}

static void test_a_control_character_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {"a?b = 1\n", "message = a?b\n", "# a?b\n", "?\n",
                                        "  ?\n",     "[swmfa]?\n",      "?"};
    for (int byte = 0; byte <= 0x7f; byte++) {
        for (size_t i = 0; i < COUNT(lines); i++) {
            if (byte == '\t' || byte == '\n' || (byte >= ' ' && byte != 0x7f))
                continue;
            char content[512];
            char expected[128];
            size_t length = (size_t)snprintf(content, sizeof(content), "%s%s", LEAST, lines[i]);
            *strchr(content, '?') = (char)byte;
            (void)snprintf(expected, sizeof(expected), ":5: control character 0x%02x%s",
                           (unsigned)byte,
                           byte == '\r' ? ": save the file with Unix line ends" : "");
            if (load_of(content, length)) {
                config_free(&config);
                fail_msg("0x%02x is accepted in %s", (unsigned)byte, lines[i]);
            }
            check_problem(lines[i], expected);
        }
    }
}

/* LEAST and a line of that many bytes: start, then fillers, then end. */
static const char *with_line(const char *start, const char *filler, size_t length, const char *end)
{
    static char fillers[LONGEST + 512];
    size_t count = length - strlen(start) - strcspn(end, "\n");
    return unit_format("%s%s%s%s", LEAST, start,
                       unit_repeat(fillers, sizeof(fillers), filler, count), end);
}

static void test_a_line_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static const char *const ends[] = {"\n", ""};
    for (size_t i = 0; i < COUNT(ends); i++) {
        check_loads(with_line("#", "x", LONGEST, ends[i]));
        config_free(&config);
        check_refused(with_line("#", "x", LONGEST + 1, ends[i]),
                      unit_format(":5: at most %d bytes in a line, not %d", LONGEST, LONGEST + 1));
        check_refused(with_line("message = ", "x", LONGEST + 300, ends[i]),
                      unit_format(":5: at most %d bytes in a line, not %d", LONGEST,
                                  LONGEST + 300));
    }
}

static void test_the_longest_line_is_read_to_its_end(void **state)
{
    (void)state;
    check_loads(with_line("token_length = ", " ", LONGEST, "17\nmax_attempts = 13\n"));
    assert_int_equal(config.signalwire.token_length, 17);
    assert_int_equal(config.signalwire.max_attempts, 13);
    config_free(&config);
    check_refused(with_line("token_length = ", " ", LONGEST, "17\nmax_attempts = 0\n"),
                  ":6: [signalwire] max_attempts: 1 to 20, not \"0\"");
}

/* ---- the whole ---- */

static void test_what_must_be_given_must_be_given_once(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *problem;
    } cases[] = {
        {"", ": [signalwire] space: missing: the SPACE of https://SPACE.signalwire.com"},
        {"\n# nothing\n", ": [signalwire] space: missing: the SPACE of "
                          "https://SPACE.signalwire.com"},
        {"[swmfa]\n[signalwire]\n",
         ": [signalwire] space: missing: the SPACE of https://SPACE.signalwire.com"},
        {"[signalwire]\nproject_id = p\napi_token = t\n",
         ": [signalwire] space: missing: the SPACE of https://SPACE.signalwire.com"},
        {"[signalwire]\nspace = a\napi_token = t\n", ": [signalwire] project_id: missing"},
        {"[signalwire]\nspace = a\nproject_id = p\n",
         ": [signalwire] api_token: missing (or give api_token_file)"},
        {LEAST "endpoint = https://localhost\n",
         ":5: [signalwire] endpoint: give space or endpoint, not both"},
        {"[signalwire]\nendpoint = https://localhost\nspace = a\nproject_id = p\napi_token = t\n",
         ":2: [signalwire] endpoint: give space or endpoint, not both"},
        {LEAST "api_token_file = /token\n",
         ":5: [signalwire] api_token_file: give api_token or api_token_file, not both"},
        {LEAST "message = Code:\n",
         ":5: [signalwire] message: needs from, a number of your own: SignalWire's number carries "
         "only the standard text"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(cases[i].content, cases[i].problem);
}

static void test_a_message_fits_one_sms(void **state)
{
    (void)state;
    static const struct {
        const char *first; /* once */
        const char *rest;  /* count times */
        size_t count;
        const char *problem; /* NULL: it fits */
    } cases[] = {
        {"a", "a", 159, NULL},
        {"a", "a", 160, "at most 160 characters, so that it fits one SMS, not 161"},
        {"a", "\xc3\xa4", 159, NULL}, /* two bytes, one character */
        {"a", "\xce\xa9", 160, "at most 160 characters, so that it fits one SMS, not 161"},
        {"\xe2\x82\xac", "a", 158, NULL}, /* the euro sign counts two */
        {"\xe2\x82\xac", "a", 159, "at most 160 characters, so that it fits one SMS, not 161"},
        {"[", "]", 79, NULL},
        {"[", "]", 80, "at most 160 characters, so that it fits one SMS, not 162"},
        {"a", "\xd0\xb6", 69, NULL},
        {"a", "\xd0\xb6", 70,
         "at most 70 characters where one is outside GSM 03.38, so that it fits one SMS, not 71"},
        {"`", "a", 69, NULL},
        {"`", "a", 70,
         "at most 70 characters where one is outside GSM 03.38, so that it fits one SMS, not 71"},
        {"`", "[", 69, NULL},                /* where it is not GSM, a bracket counts one */
        {"\xf0\x9f\x94\x91", "a", 68, NULL}, /* an emoji counts two */
        {"\xf0\x9f\x94\x91", "a", 69,
         "at most 70 characters where one is outside GSM 03.38, so that it fits one SMS, not 71"},
        {"a", "\xf0\x9f\x94\x91", 35,
         "at most 70 characters where one is outside GSM 03.38, so that it fits one SMS, not 71"},
        {"a", "\xff", 1, "is not valid UTF-8 text"},
        {"caf\xe9", "a", 1, "is not valid UTF-8 text"},
        {"\xc3", "\xa4\xc3", 1, "is not valid UTF-8 text"},
        {"\xc0\xaf", "a", 1, "is not valid UTF-8 text"},
        {"\xed\xa0\x80", "a", 1, "is not valid UTF-8 text"},
        {"a\tb", "a", 1, "is not valid UTF-8 text"}, /* a control character */
        {"a\xc2\x85"
         "b",
         "a", 1, "is not valid UTF-8 text"}, /* another */
    };
    if (LONGEST < 2048)
        skip(); /* this inih has shorter lines */
    for (size_t i = 0; i < COUNT(cases); i++) {
        char rest[512];
        unit_repeat(rest, sizeof(rest), cases[i].rest, cases[i].count);
        const char *content = unit_format("%smessage = %s%s\n", LEAST FROM, cases[i].first, rest);
        if (cases[i].problem == NULL) {
            check_loads(content);
            config_free(&config);
        } else {
            check_refused(content, unit_format(":6: [signalwire] message: %s", cases[i].problem));
        }
    }
    check_refused(LEAST FROM "message =\n", ":6: [signalwire] message: a text, not \"\"");
}

/* ---- files ---- */

/* A configuration that names another file in its last line. */
static bool load_naming(const char *before, const char *key, const char *path)
{
    return load(unit_format("%s%s = %s\n", before, key, path));
}

static void test_a_token_file_holds_one_token(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        size_t length;
        bool good;
    } cases[] = {
#define CONTENT(text) text, sizeof(text) - 1
        {CONTENT(SECRET "\n"), true},
        {CONTENT(SECRET), true},
        {CONTENT(""), false},
        {CONTENT("\n"), false},
        {CONTENT(SECRET "\n\n"), false},
        {CONTENT("\n" SECRET "\n"), false},
        {CONTENT(SECRET "\n" SECRET "\n"), false},
        {CONTENT(SECRET "\n" SECRET), false},
        {CONTENT(SECRET "\r\n"), false},
        {CONTENT(SECRET " \n"), false},
        {CONTENT(" " SECRET "\n"), false},
        {CONTENT("api_token = " SECRET "\n"), false},
        {CONTENT("# comment\n" SECRET "\n"), false},
        {CONTENT(SECRET "\0\n"), false},
        {CONTENT(SECRET "\0x\n"), false},
        {CONTENT(SECRET "\0" SECRET), false},
        {CONTENT("\0" SECRET "\n"), false},
        {CONTENT("\xef\xbb\xbf" SECRET "\n"), false},
#undef CONTENT
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *path = unit_file_of("token", cases[i].content, cases[i].length, 0600);
        bool good = load_naming(SIGNALWIRE, "api_token_file", path);
        unit_same_number(cases[i].content, good, cases[i].good);
        if (good) {
            check_text("api_token", config.signalwire.api_token.text, SECRET);
            check_text("api_token_file", config.signalwire.api_token_file, path);
            config_free(&config);
        } else {
            check_problem(cases[i].content, ":4: [signalwire] api_token_file: the file must hold "
                                            "the token alone, on one line");
        }
        unit_remove(path);
    }
}

static void test_a_nul_behind_the_token_is_refused(void **state)
{
    (void)state;
    char *path = unit_file_of("token", SECRET "\0", sizeof(SECRET), 0600);
    bool good = load_naming(SIGNALWIRE, "api_token_file", path);
    unit_remove(path);
    if (good)
        config_free(&config);
    assert_false(good);
}

static void test_a_token_in_a_file_is_as_long_as_another(void **state)
{
    (void)state;
    char token[1100];
    for (size_t length = 1024; length <= 1025; length++) {
        char *path = unit_file("token", unit_repeat(token, sizeof(token), "t", length), 0600);
        bool good = load_naming(SIGNALWIRE, "api_token_file", path);
        unit_remove(path);
        config_free(&config);
        assert_int_equal(good, length == 1024);
    }
}

static void check_naming_refused(const char *key, const char *path, const char *why)
{
    bool token = strcmp(key, "api_token_file") == 0;
    assert_false(load_naming(token ? SIGNALWIRE : LEAST, key, path));
    check_problem(why, unit_format(":%d: [signalwire] %s: %s: %s", token ? 4 : 5, key, path, why));
}

static void test_a_file_that_is_named_is_guarded_like_the_configuration(void **state)
{
    (void)state;
    static const char *const keys[] = {"api_token_file", "ca_file"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        char *path = unit_path("named");
        char *link = unit_path("link");
        check_naming_refused(keys[i], path, "No such file or directory");
        check_naming_refused(keys[i], unit_folder(), "expected a regular file");
        assert_int_equal(symlink(path, link), 0);
        check_naming_refused(keys[i], link, "is a symbolic link; give the file itself");
        unit_remove(link);
        free(path);

        path = unit_file("named", SECRET "\n", 0660);
        check_naming_refused(keys[i], path,
                             unit_format("mode is 0660; only its owner may write it: chmod go-w %s",
                                         path));
        if (chown(path, 65534, (gid_t)-1) == 0)
            check_naming_refused(keys[i], path, "must be owned by root, not by uid 65534");
        unit_remove(path);
    }
}

static void test_the_file_of_the_token_but_not_of_the_ca_is_secret(void **state)
{
    (void)state;
    char *path = unit_file("named", SECRET "\n", 0644);
    check_naming_refused("api_token_file", path,
                         unit_format("mode is 0644; it holds a secret and others may not read "
                                     "it: chmod o-r %s",
                                     path));
    bool good = load_naming(LEAST, "ca_file", path);
    unit_remove(path);
    unit_check(problem.text, good, "a CA file that all may read is good");
    check_text("ca_pem", config.signalwire.ca_pem, SECRET "\n");
    config_free(&config);
}

/* Loads what is at the path, and expects that the problem is the path and then expected. */
static void check_path_refused(const char *path, const char *expected)
{
    static const struct config nothing;
    struct problem whole = {0};
    memset(&config, 0x55, sizeof(config));
    problem_set(&whole, "%s%s", path, expected);
    if (config_load(path, &config, &problem)) {
        config_free(&config);
        fail_msg("loads, though %s%s", path, expected);
    }
    assert_string_equal(problem.text, whole.text);
    assert_memory_equal(&config, &nothing, sizeof(config));
}

static void test_a_configuration_that_others_can_write_or_read_is_refused(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        const char *problem; /* NULL: it is good */
        const char *change;
    } cases[] = {
        {0600, NULL, NULL},
        {0400, NULL, NULL},
        {0640, NULL, NULL},
        {0440, NULL, NULL},
        {0700, NULL, NULL},
        {0604, "it holds a secret and others may not read it", "o-r"},
        {0644, "it holds a secret and others may not read it", "o-r"},
        {0444, "it holds a secret and others may not read it", "o-r"},
        {0620, "only its owner may write it", "go-w"},
        {0660, "only its owner may write it", "go-w"},
        {0602, "only its owner may write it", "go-w"},
        {0666, "only its owner may write it", "go-w"},
        {0777, "only its owner may write it", "go-w"},
        {02620, "only its owner may write it", "go-w"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *path = unit_file("swmfa.conf", LEAST, cases[i].mode);
        if (cases[i].problem == NULL) {
            if (!config_load(path, &config, &problem))
                fail_msg("%s", problem.text);
            config_free(&config);
        } else {
            check_path_refused(path, unit_format(": mode is %04o; %s: chmod %s %s", cases[i].mode,
                                                 cases[i].problem, cases[i].change, path));
        }
        unit_remove(path);
    }
}

static void test_a_configuration_that_is_not_roots_is_refused(void **state)
{
    (void)state;
    char *path = unit_file("swmfa.conf", LEAST, 0600);
    if (chown(path, 65534, (gid_t)-1) != 0) {
        unit_remove(path);
        skip();
        return;
    }
    check_path_refused(path, ": must be owned by root, not by uid 65534");
    unit_remove(path);
}

static void test_what_is_no_regular_file_is_refused_at_once(void **state)
{
    (void)state;
    char *path = unit_path("swmfa.conf");
    check_path_refused(path, ": No such file or directory");
    check_path_refused(unit_folder(), ": expected a regular file");
    check_path_refused("/dev/null", ": expected a regular file");
    check_path_refused("", ": No such file or directory");

    assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes into it: a reader would wait */
    check_path_refused(path, ": expected a regular file");
    assert_int_equal(unlink(path), 0);

    char *target = unit_file("target", LEAST, 0600);
    assert_int_equal(symlink(target, path), 0);
    check_path_refused(path, ": is a symbolic link; give the file itself");
    unit_remove(target); /* now the link leads nowhere */
    check_path_refused(path, ": is a symbolic link; give the file itself");
    unit_remove(path);
}

static void test_a_file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    char *content = malloc(LARGEST + 2);
    assert_non_null(content);
    memset(content, '\n', LARGEST + 2);
    memcpy(content + LARGEST - strlen(LEAST), LEAST, strlen(LEAST));
    bool good = load_of(content, LARGEST);
    unit_check(problem.text, good, "the largest is read to its end");
    config_free(&config);
    good = load_of(content, LARGEST + 1);
    free(content);
    assert_false(good);
    check_problem("larger", ": is larger than 1048575 bytes");
}

static void test_without_a_path_the_one_of_the_build_is_read(void **state)
{
    (void)state;
    struct problem named = {""};
    bool named_good = config_load(SWMFA_CONF_PATH, &config, &named);
    config_free(&config);
    memset(&problem, 0, sizeof(problem));
    assert_int_equal(config_load(NULL, &config, &problem), named_good);
    config_free(&config);
    assert_string_equal(problem.text, named.text);
    if (access(SWMFA_CONF_PATH, F_OK) != 0)
        assert_string_equal(problem.text, SWMFA_CONF_PATH ": No such file or directory");
}

/* ---- what the documents show ---- */

static void test_each_key_is_listed_once(void **state)
{
    (void)state;
    static const char *const all[] = {
        "swmfa.providers",
        "swmfa.channel",
        "swmfa.users",
        "swmfa.unmapped",
        "swmfa.fail",
        "swmfa.tries",
        "swmfa.echo",
        "swmfa.connect_timeout",
        "swmfa.timeout",
        "signalwire.space",
        "signalwire.endpoint",
        "signalwire.project_id",
        "signalwire.api_token",
        "signalwire.api_token_file",
        "signalwire.from",
        "signalwire.message",
        "signalwire.token_length",
        "signalwire.valid_for",
        "signalwire.max_attempts",
        "signalwire.allow_alphas",
        "signalwire.ca_file",
    };
    bool seen[COUNT(all)] = {false};
    struct config_key key;
    char name[64];
    size_t number = 0;
    for (; config_key_at(number, &key); number++) {
        (void)snprintf(name, sizeof(name), "%s.%s", key.section, key.name);
        size_t i = 0;
        while (i < COUNT(all) - 1 && strcmp(all[i], name) != 0)
            i++;
        unit_check(name, strcmp(all[i], name) == 0 && !seen[i], "a key that is known, once");
        seen[i] = true;
    }
    assert_int_equal(number, COUNT(all));
    assert_false(config_key_at(number + 1, &key));
    assert_false(config_key_at(SIZE_MAX, &key));
}

/* A file of the build, the caller's to free. Skips outside of one. */
static char *built_file(const char *name)
{
    char path[PATH_MAX];
    const char *folder = getenv("SWMFA_BUILDDIR");
    if (folder == NULL)
        skip();
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    char *text = unit_read(path);
    if (text == NULL)
        fail_msg("%s: %s", path, strerror(errno));
    return text;
}

static void test_the_installed_example_loads_with_the_defaults(void **state)
{
    (void)state;
    char *example = built_file("conf/swmfa.conf");
    check_loads(example);
    free(example);
    check_defaults();
    check_text("space", config.signalwire.space, "example");
    config_free(&config);
}

/* The value behind "KEY = " at a line's beginning, with or without a ";" before it; or NULL. */
static const char *example_value(const char *text, const char *name, char *value, size_t size)
{
    char start[64];
    (void)snprintf(start, sizeof(start), "%s = ", name);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        const char *at = *line == ';' ? line + 1 : line;
        if (strncmp(at, start, strlen(start)) != 0)
            continue;
        at += strlen(start);
        size_t length = strcspn(at, ";\n");
        while (length > 0 && at[length - 1] == ' ')
            length--;
        (void)snprintf(value, size, "%.*s", (int)length, at);
        return value;
    }
    return NULL;
}

static void test_the_installed_example_shows_each_key_with_its_default(void **state)
{
    (void)state;
    char *example = built_file("conf/swmfa.conf");
    struct config_key key;
    for (size_t i = 0; config_key_at(i, &key); i++) {
        char value[512];
        const char *shown = example_value(example, key.name, value, sizeof(value));
        unit_check(key.name, shown != NULL, "the example shows it");
        if (key.fallback != NULL)
            unit_same_text(key.name, shown, key.fallback);
    }
    free(example);
}

static void test_the_manual_explains_each_key_with_its_default(void **state)
{
    (void)state;
    char *manual = built_file("docs/swmfa.conf.5");
    struct config_key key;
    for (size_t i = 0; config_key_at(i, &key); i++) {
        char heading[64];
        char body[4096];
        (void)snprintf(heading, sizeof(heading), "\n.It Ic %s\n", key.name);
        const char *at = strstr(manual, heading);
        if (at == NULL) {
            fail_msg("%s: the manual does not explain it", key.name);
            break;
        }
        at += strlen(heading);
        const char *next = strstr(at, "\n.It ");
        const char *end = strstr(at, "\n.El");
        (void)snprintf(body, sizeof(body), "%.*s",
                       (int)((next != NULL && next < end ? next : end) - at), at);
        if (key.fallback == NULL) {
            unit_check(key.name, strstr(body, "Default:") == NULL, "no default in the manual");
            continue;
        }
        const char *told = strstr(body, "efault");
        unit_check(key.name, told != NULL, "a default in the manual");
        unit_check(key.name, strstr(body, key.fallback) != NULL, key.fallback);
    }
    free(manual);
}

int main(void)
{
    if (geteuid() != 0)
        return unit_skip_all("only a file that is root's is a configuration");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_that_is_not_given_has_its_default),
        cmocka_unit_test(test_each_key_has_the_value_that_is_given),
        cmocka_unit_test(test_the_form_of_a_good_line_is_free),
        cmocka_unit_test(test_only_a_semicolon_behind_a_blank_begins_a_comment),
        cmocka_unit_test(test_a_number_is_within_its_range),
        cmocka_unit_test(test_a_word_is_one_of_those_that_are_known),
        cmocka_unit_test(test_a_path_is_absolute),
        cmocka_unit_test(test_a_token_in_the_place_of_its_files_name_is_not_told),
        cmocka_unit_test(test_from_is_an_e164_number),
        cmocka_unit_test(test_a_space_is_one_label_of_a_host_name),
        cmocka_unit_test(test_an_endpoint_is_an_https_host),
        cmocka_unit_test(test_a_project_id_has_its_form),
        cmocka_unit_test(test_a_value_has_at_most_1024_bytes),
        cmocka_unit_test(test_a_token_is_never_told),
        cmocka_unit_test(test_a_line_that_is_wrong_is_named),
        cmocka_unit_test(test_a_byte_order_mark_hides_no_error),
        cmocka_unit_test(test_a_control_character_is_refused),
        cmocka_unit_test(test_a_line_that_is_too_long_is_refused),
        cmocka_unit_test(test_the_longest_line_is_read_to_its_end),
        cmocka_unit_test(test_what_must_be_given_must_be_given_once),
        cmocka_unit_test(test_a_message_fits_one_sms),
        cmocka_unit_test(test_a_token_file_holds_one_token),
        cmocka_unit_test(test_a_nul_behind_the_token_is_refused),
        cmocka_unit_test(test_a_token_in_a_file_is_as_long_as_another),
        cmocka_unit_test(test_a_file_that_is_named_is_guarded_like_the_configuration),
        cmocka_unit_test(test_the_file_of_the_token_but_not_of_the_ca_is_secret),
        cmocka_unit_test(test_a_configuration_that_others_can_write_or_read_is_refused),
        cmocka_unit_test(test_a_configuration_that_is_not_roots_is_refused),
        cmocka_unit_test(test_what_is_no_regular_file_is_refused_at_once),
        cmocka_unit_test(test_a_file_that_is_too_large_is_refused),
        cmocka_unit_test(test_without_a_path_the_one_of_the_build_is_read),
        cmocka_unit_test(test_each_key_is_listed_once),
        cmocka_unit_test(test_the_installed_example_loads_with_the_defaults),
        cmocka_unit_test(test_the_installed_example_shows_each_key_with_its_default),
        cmocka_unit_test(test_the_manual_explains_each_key_with_its_default),
    };
    alarm(300); /* what hangs on a FIFO is killed */
    return cmocka_run_group_tests_name("config", tests, unit_make_folder, unit_remove_folder);
}
