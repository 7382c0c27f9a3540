/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of config/config: what swmfa.conf accepts, what it means, and how errors are reported. */
#include "../unit.h"

#include "config/config.h"

#include <ini.h>

#define SW PROVIDER_signalwire
#define BW PROVIDER_bandwidth

#define SECRET "PT-secret"

#define NO_NETWORK "expected an address or a network such as 192.0.2.0/24: "
#define COMMAS     " (separate several by commas)"

#define LIMITS                                                                                     \
    "NUMBER/TIME such as 3/10m, or several separated by commas, each with another TIME of at "     \
    "most 30d"
#define SPAN   "0 or a time such as 12h, at most 30d"
#define PREFIX "must be + and the first digits of numbers, such as +44" COMMAS

/* The least that is a configuration: lines 1 to 4. */
#define SIGNALWIRE "[signalwire]\nspace = example\nproject_id = project\n"
#define LEAST      SIGNALWIRE "api_token = " SECRET "\n"
#define FROM       "from = +12029167968\n" /* what a message needs */

/* The least that is one of Bandwidth alone, but for its password: lines 1 to 7. */
#define BANDWIDTH                                                                                  \
    "[swmfa]\nproviders = bandwidth\n[bandwidth]\naccount_id = 9900000\nusername = user\n" FROM    \
    "voice_application_id = v-1\n"
#define PASSWORD "password = " SECRET "\n"

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

/* True if the configuration holds no memory. */
static bool is_wiped(void)
{
    const unsigned char *bytes = (const unsigned char *)&config;
    size_t zeros = 0;
    while (zeros < sizeof(config) && bytes[zeros] == 0)
        zeros++;
    return zeros == sizeof(config);
}

/* The problem is the path and then expected; nothing is owed, and the token is not told. */
static void check_problem(const char *what, const char *expected)
{
    struct problem whole = {0};
    char *path = unit_path("swmfa.conf");
    problem_set(&whole, "%s%s", path, expected);
    free(path);
    unit_same_text(what, problem.text, whole.text);
    unit_check(what, is_wiped(), "nothing left in the config");
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

/* LEAST and one more key: the line of that key is 5 for [signalwire], 6 for another section. */
static const char *with_key(const char *section, const char *name, const char *value)
{
    bool same = strcmp(section, "signalwire") == 0;
    return same ? unit_format("%s%s = %s\n", LEAST, name, value)
                : unit_format("%s[%s]\n%s = %s\n", LEAST, section, name, value);
}

static void check_key_refused(const char *section, const char *name, const char *expected,
                              const char *value)
{
    int line = strcmp(section, "signalwire") == 0 ? 5 : 6;
    check_refused(with_key(section, name, value), unit_format(":%d: [%s] %s: %s, not \"%s\"", line,
                                                              section, name, expected, value));
}

/* Likewise for a key whose value is never shown: it may be a secret in the wrong place. */
static void check_unsaid_refused(const char *section, const char *name, const char *expected,
                                 const char *value)
{
    int line = strcmp(section, "signalwire") == 0 ? 5 : 6;
    check_refused(with_key(section, name, value),
                  unit_format(":%d: [%s] %s: %s", line, section, name, expected));
}

/* ---- what a provider makes of its section ---- */

static struct account account;

static const struct account *account_of(enum provider_id id)
{
    memset(&account, 0, sizeof(account));
    providers[id]->account(config.settings[id], &account);
    return &account;
}

static const char *secret_of(enum provider_id id)
{
    return account_of(id)->password->text;
}

static struct terms terms_of(enum provider_id id)
{
    struct terms terms = {0};
    providers[id]->terms(config.settings[id], &terms);
    return terms;
}

/* A text of the request for a code, good until the next call; NULL: it is not there. */
static const char *sent_text(enum provider_id id, enum channel channel, const char *key)
{
    static char text[KEY_TEXT_MAX + 1];
    const struct challenge challenge = {.number = "+14043287382",
                                        .channel = channel,
                                        .scope = "scope"};
    char path[REQUEST_PATH_SIZE] = "";
    json_object *member = NULL;
    json_object *body = providers[id]->send(config.settings[id], &challenge, path, sizeof(path));
    assert_non_null(body);
    bool there = json_object_object_get_ex(body, key, &member);
    if (there)
        (void)snprintf(text, sizeof(text), "%s", json_object_get_string(member));
    json_object_put(body);
    return there ? text : NULL;
}

static void check_words(const char *what, const struct key_words *words, const int *expected,
                        size_t count)
{
    unit_same_number(what, (long long)words->count, (long long)count);
    for (size_t i = 0; i < count; i++)
        unit_same_number(what, words->at[i], expected[i]);
}

static void check_limits(const char *what, const struct limit_list *list,
                         const struct limit *expected, size_t count)
{
    unit_same_number(what, (long long)list->count, (long long)count);
    for (size_t i = 0; i < count; i++) {
        unit_same_number(what, list->at[i].most, expected[i].most);
        unit_same_number(what, list->at[i].seconds, expected[i].seconds);
    }
}

/* ---- what a good file means ---- */

static void check_text(const char *what, const char *found, const char *expected)
{
    if (found == NULL || expected == NULL)
        unit_check(what, found == expected, expected == NULL ? "none" : expected);
    else
        unit_same_text(what, found, expected);
}

static const struct limit users_default[] = {{3, 600}, {5, 3600}, {10, 86400}};

static void check_defaults_of_limits(void)
{
    static const struct limit of_address[] = {{10, 3600}};
    static const struct limit of_host[] = {{200, 3600}, {1000, 86400}};
    check_limits("user_sends", &config.sends.user, users_default, COUNT(users_default));
    check_limits("phone_sends", &config.sends.phone, users_default, COUNT(users_default));
    check_limits("address_sends", &config.sends.address, of_address, COUNT(of_address));
    check_limits("host_sends", &config.sends.host, of_host, COUNT(of_host));
    check_text("countries", config.countries, NULL);
    assert_int_equal(config.failures, 10);
}

static void check_defaults(void)
{
    static const int by[] = {SW};
    static const int on[] = {FAIL_ON_NETWORK, FAIL_ON_SERVER};
    check_words("providers", &config.providers, by, COUNT(by));
    assert_int_equal(config.channel, CHANNEL_SMS);
    check_text("users", config.users, SWMFA_USERS_PATH);
    assert_int_equal(config.unmapped, UNMAPPED_DENY);
    assert_int_equal(config.fail, FAIL_SECURE);
    check_words("fail_on", &config.fail_on, on, COUNT(on));
    assert_int_equal(config.tries, 3);
    assert_int_equal(config.echo, 1);
    assert_int_equal(config.autosend, 1);
    assert_int_equal(config.resend_delay, 30);
    assert_int_equal(config.connect_timeout, 5);
    assert_int_equal(config.timeout, 10);
    assert_int_equal(config.deadline, 30);
    check_text("currency", config.currency, "USD");
    check_text("first_factor_modules", config.first_factor_modules, NULL);
    check_text("services", config.policy.services, NULL);
    check_text("exempt_groups", config.policy.exempt_groups, NULL);
    check_text("exempt_networks", config.policy.exempt_networks, NULL);
    check_text("require_groups", config.policy.require_groups, NULL);
    assert_int_equal(config.policy.exempt_result, EXEMPT_IGNORE);
    assert_int_equal(config.policy.remember, 0);
    check_defaults_of_limits();

    struct terms terms = terms_of(SW);
    assert_int_equal(terms.length, 6);
    assert_int_equal(terms.valid_for, 300);
    assert_int_equal(terms.wrong_most, 3);
    assert_false(terms.letters);
    check_text("from", sent_text(SW, CHANNEL_SMS, "from"), NULL);
    check_text("message", sent_text(SW, CHANNEL_SMS, "message"), NULL);
    check_text("ca_file", account_of(SW)->ca_pem, NULL);
}

static void check_bandwidths_defaults(void)
{
    struct terms terms = terms_of(BW);
    assert_int_equal(terms.length, 6);
    assert_int_equal(terms.valid_for, 300);
    assert_false(terms.letters);
    check_text("message", sent_text(BW, CHANNEL_SMS, "message"), "Your {NAME} code is {CODE}");
    check_text("ca_file", account_of(BW)->ca_pem, NULL);
}

static void test_a_missing_key_has_its_default(void **state)
{
    (void)state;
    check_loads(LEAST);
    check_defaults();
    check_text("space", account_of(SW)->base, "https://example.signalwire.com/api/relay/rest");
    check_text("project_id", account_of(SW)->user, "project");
    check_text("api_token", secret_of(SW), SECRET);
    config_free(&config);
    check_loads(BANDWIDTH PASSWORD);
    check_bandwidths_defaults();
    check_text("endpoint", account_of(BW)->base,
               "https://mfa.bandwidth.com/api/v1/accounts/9900000");
    check_text("username", account_of(BW)->user, "user");
    check_text("password", secret_of(BW), SECRET);
    check_text("message", sent_text(BW, CHANNEL_CALL, "message"), "Your {NAME} code is {CODE}");
    config_free(&config);
}

static void test_each_key_has_its_given_value(void **state)
{
    (void)state;
    static const int by[] = {BW, SW};
    static const int on[] = {FAIL_ON_CREDENTIALS, FAIL_ON_STORE, FAIL_ON_LIMIT, FAIL_ON_NETWORK};
    static const struct limit of_user[] = {{4, 60}, {6, 3600}};
    static const struct limit of_phone[] = {{7, 7200}};
    static const struct limit of_address[] = {{8, 90}, {9, 172800}};
    static const struct limit of_host[] = {{100000, 2592000}};
    check_loads("[swmfa]\n"
                "providers = bandwidth,signalwire\n"
                "channel = call\n"
                "users = /srv/users\n"
                "unmapped = ignore\n"
                "fail = safe\n"
                "fail_on = credentials , store, limit,network\n"
                "tries = 7\n"
                "echo = no\n"
                "autosend = no\n"
                "resend_delay = 599\n"
                "connect_timeout = 11\n"
                "timeout = 29\n"
                "deadline = 29\n"
                "currency = chf\n"
                "first_factor_modules = pam_one, pam-2.so\n"
                "[policy]\n"
                "services = sshd, sudo\n"
                "exempt_groups = staff\n"
                "exempt_networks = 192.0.2.0/24 , 2001:db8::/32\n"
                "require_groups = wheel, domain users\n"
                "exempt_result = success\n"
                "remember = 12h\n"
                "[limits]\n"
                "user_sends = 4/1m,6/60m\n"
                "phone_sends = 7/2h\n"
                "address_sends = 8/90s , 9/2d\n"
                "host_sends = 100000/30d\n"
                "countries = +1, +44\n"
                "failures = 99\n"
                "[signalwire]\n"
                "endpoint = https://localhost:8443\n"
                "project_id = 00000000-0000-0000-0000-000000000000\n"
                "api_token = !~;#=:[]x\n"
                "from = +12029167968\n"
                "message = Code for example.org:\n"
                "token_length = 8\n"
                "valid_for = 180\n"
                "max_attempts = 20\n"
                "allow_alphas = yes\n"
                "[bandwidth]\n"
                "account_id = 9900000\n"
                "username = a!b\n"
                "password = ~!;#\"=:[]y\n"
                "from = +15550100\n"
                "messaging_application_id = m-1\n"
                "voice_application_id = v_1\n"
                "message = {NAME}: {CODE} ({SCOPE})\n"
                "digits = 7\n"
                "expiration_minutes = 14\n"
                "endpoint = https://localhost:8444\n");
    check_words("providers", &config.providers, by, COUNT(by));
    assert_int_equal(config.channel, CHANNEL_CALL);
    check_text("users", config.users, "/srv/users");
    assert_int_equal(config.unmapped, UNMAPPED_IGNORE);
    assert_int_equal(config.fail, FAIL_SAFE);
    check_words("fail_on", &config.fail_on, on, COUNT(on));
    assert_int_equal(config.tries, 7);
    assert_int_equal(config.echo, 0);
    assert_int_equal(config.autosend, 0);
    assert_int_equal(config.resend_delay, 599);
    assert_int_equal(config.connect_timeout, 11);
    assert_int_equal(config.timeout, 29);
    assert_int_equal(config.deadline, 29);
    check_text("currency", config.currency, "chf");
    check_text("first_factor_modules", config.first_factor_modules, "pam_one, pam-2.so");
    check_text("services", config.policy.services, "sshd, sudo");
    check_text("exempt_groups", config.policy.exempt_groups, "staff");
    check_text("exempt_networks", config.policy.exempt_networks, "192.0.2.0/24 , 2001:db8::/32");
    check_text("require_groups", config.policy.require_groups, "wheel, domain users");
    assert_int_equal(config.policy.exempt_result, EXEMPT_SUCCESS);
    assert_int_equal(config.policy.remember, 12 * 3600);

    check_limits("user_sends", &config.sends.user, of_user, COUNT(of_user));
    check_limits("phone_sends", &config.sends.phone, of_phone, COUNT(of_phone));
    check_limits("address_sends", &config.sends.address, of_address, COUNT(of_address));
    check_limits("host_sends", &config.sends.host, of_host, COUNT(of_host));
    check_text("countries", config.countries, "+1, +44");
    assert_int_equal(config.failures, 99);

    check_text("endpoint", account_of(SW)->base, "https://localhost:8443/api/relay/rest");
    check_text("project_id", account_of(SW)->user, "00000000-0000-0000-0000-000000000000");
    check_text("api_token", secret_of(SW), "!~;#=:[]x");
    check_text("from", sent_text(SW, CHANNEL_SMS, "from"), "+12029167968");
    check_text("message", sent_text(SW, CHANNEL_SMS, "message"), "Code for example.org:");
    struct terms terms = terms_of(SW);
    assert_int_equal(terms.length, 8);
    assert_int_equal(terms.valid_for, 180);
    assert_int_equal(terms.wrong_most, 20);
    assert_true(terms.letters);

    check_text("endpoint", account_of(BW)->base, "https://localhost:8444/api/v1/accounts/9900000");
    check_text("username", account_of(BW)->user, "a!b");
    check_text("password", secret_of(BW), "~!;#\"=:[]y");
    check_text("from", sent_text(BW, CHANNEL_SMS, "from"), "+15550100");
    check_text("sms", sent_text(BW, CHANNEL_SMS, "applicationId"), "m-1");
    check_text("call", sent_text(BW, CHANNEL_CALL, "applicationId"), "v_1");
    check_text("message", sent_text(BW, CHANNEL_CALL, "message"), "{NAME}: {CODE} ({SCOPE})");
    terms = terms_of(BW);
    assert_int_equal(terms.length, 7);
    assert_int_equal(terms.valid_for, 14 * 60);
    assert_false(terms.letters);

    config_free(&config);
    assert_true(is_wiped());
}

static void test_blanks_and_case_in_a_good_line_do_not_matter(void **state)
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
        check_text(cases[i].content, secret_of(SW), SECRET);
        config_free(&config);
    }
}

static void test_only_a_semicolon_after_a_blank_starts_a_comment(void **state)
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
        check_text(cases[i].line, sent_text(SW, CHANNEL_SMS, "message"), cases[i].message);
        config_free(&config);
    }
}

/* ---- values ---- */

static long long length_of_signalwire(void)
{
    return (long long)terms_of(SW).length;
}

static long long seconds_of_signalwire(void)
{
    return terms_of(SW).valid_for;
}

static long long attempts_of_signalwire(void)
{
    return terms_of(SW).wrong_most;
}

static long long length_of_bandwidth(void)
{
    return (long long)terms_of(BW).length;
}

static long long minutes_of_bandwidth(void)
{
    return terms_of(BW).valid_for % 60 == 0 ? terms_of(BW).valid_for / 60 : -1;
}

static void test_a_number_outside_its_range_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *name;
        const int *member;
        long long (*value)(void); /* in place of a member */
        int min;
        int max;
    } keys[] = {
        {"swmfa", "tries", &config.tries, NULL, 1, 10},
        {"swmfa", "resend_delay", &config.resend_delay, NULL, 0, 600},
        {"swmfa", "connect_timeout", &config.connect_timeout, NULL, 1, 30},
        {"swmfa", "timeout", &config.timeout, NULL, 1, 30},
        {"swmfa", "deadline", &config.deadline, NULL, 1, 30},
        {"limits", "failures", &config.failures, NULL, 1, 100},
        {"signalwire", "token_length", NULL, length_of_signalwire, 4, 20},
        {"signalwire", "valid_for", NULL, seconds_of_signalwire, 1, 604800},
        {"signalwire", "max_attempts", NULL, attempts_of_signalwire, 1, 20},
        {"bandwidth", "digits", NULL, length_of_bandwidth, 4, 8},
        {"bandwidth", "expiration_minutes", NULL, minutes_of_bandwidth, 1, 15},
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
            unit_same_number(keys[i].name,
                             keys[i].value != NULL ? keys[i].value() : *keys[i].member, number);
            config_free(&config);
            check_key_refused(keys[i].section, keys[i].name, expected,
                              unit_format("%d", good == 0 ? number - 1 : number + 1));
        }
        for (size_t j = 0; j < COUNT(wrong); j++)
            check_key_refused(keys[i].section, keys[i].name, expected, wrong[j]);
    }
}

static void test_an_unknown_word_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *name;
        const char *expected;
        const char *wrong;
    } cases[] = {
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
        {"swmfa", "autosend", "no or yes", "on"},
        {"swmfa", "autosend", "no or yes", "yes, no"},
        {"policy", "exempt_result", "ignore or success", "allow"},
        {"policy", "exempt_result", "ignore or success", "ignore,success"},
        {"signalwire", "allow_alphas", "no or yes", "YES"},
        {"signalwire", "allow_alphas", "no or yes", "yes no"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_key_refused(cases[i].section, cases[i].name, cases[i].expected, cases[i].wrong);
        check_key_refused(cases[i].section, cases[i].name, cases[i].expected, "");
    }
}

static void test_a_list_of_words_keeps_its_order(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t count;
        int words[5];
    } of_providers[] =
        {
            {"signalwire", 1, {SW}},
            {"bandwidth", 1, {BW}},
            {"signalwire, bandwidth", 2, {SW, BW}},
            {"bandwidth, signalwire", 2, {BW, SW}},
            {"bandwidth,signalwire", 2, {BW, SW}},
            {"signalwire \t,\t bandwidth", 2, {SW, BW}},
        },
      of_failures[] = {
          {"network", 1, {FAIL_ON_NETWORK}},
          {"server", 1, {FAIL_ON_SERVER}},
          {"limit", 1, {FAIL_ON_LIMIT}},
          {"credentials", 1, {FAIL_ON_CREDENTIALS}},
          {"store", 1, {FAIL_ON_STORE}},
          {"server, network", 2, {FAIL_ON_SERVER, FAIL_ON_NETWORK}},
          {"credentials,limit,store, server ,network",
           5,
           {FAIL_ON_CREDENTIALS, FAIL_ON_LIMIT, FAIL_ON_STORE, FAIL_ON_SERVER, FAIL_ON_NETWORK}},
      };
    for (size_t i = 0; i < COUNT(of_providers); i++) {
        check_loads(unit_format("[swmfa]\nproviders = %s\n[signalwire]\nspace = a\n"
                                "project_id = p\napi_token = t\n[bandwidth]\naccount_id = a\n"
                                "username = u\npassword = p\n" FROM "voice_application_id = v\n",
                                of_providers[i].value));
        check_words(of_providers[i].value, &config.providers, of_providers[i].words,
                    of_providers[i].count);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(of_failures); i++) {
        check_loads(with_key("swmfa", "fail_on", of_failures[i].value));
        check_words(of_failures[i].value, &config.fail_on, of_failures[i].words,
                    of_failures[i].count);
        for (int word = FAIL_ON_NETWORK; word <= FAIL_ON_STORE; word++) {
            bool given = false;
            for (size_t j = 0; j < of_failures[i].count; j++)
                given = given || of_failures[i].words[j] == word;
            unit_same_number(of_failures[i].value, config_has_word(&config.fail_on, word), given);
        }
        config_free(&config);
    }
}

static void test_a_list_with_an_unknown_or_repeated_word_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *expected;
        const char *good;
        const char *other;
    } keys[] = {
        {"providers", "bandwidth or signalwire, each at most once, separated by commas",
         "signalwire", "bandwidth"},
        {"fail_on",
         "network or server or limit or credentials or store, each at most once, separated by "
         "commas",
         "network", "limit"},
    };
    static const char *const forms[] = {
        /* A is the one word, B the other */
        "",     ",",    "A,",  ",A",    "A,,B",  "A, ,B",  "A, A",    "A,B,A",
        "A B",  "A; B", "A/B", "A, Bx", "A, xB", "xA",     "Ax",      "A.",
        "none", "any",  "all", "A;",    "tls",   "twilio", "A, none",
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        for (size_t j = 0; j < COUNT(forms); j++) {
            char value[64];
            char *to = value;
            for (const char *at = forms[j]; *at != '\0'; at++) {
                if (*at == 'A' || *at == 'B')
                    to = stpcpy(to, *at == 'A' ? keys[i].good : keys[i].other);
                else
                    *to++ = *at;
            }
            *to = '\0';
            check_key_refused("swmfa", keys[i].name, keys[i].expected, value);
        }
    }
    check_key_refused("swmfa", "providers", keys[0].expected, "SignalWire");
    check_key_refused("swmfa", "fail_on", keys[1].expected, "Network");
}

static void test_an_empty_item_in_a_list_of_the_policy_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *expected;
        const char *good;
    } keys[] = {
        {"services", "the name of a PAM service, or several separated by commas", "sshd"},
        {"exempt_groups", "the name of a group, or several separated by commas", "staff"},
        {"exempt_networks",
         "an address or a network such as 192.0.2.0/24, or several separated by commas",
         "192.0.2.1"},
        {"require_groups", "the name of a group, or several separated by commas", "wheel"},
    };
    static const char *const wrong[] = {"%s,",  ",%s", "%s,,%s", "%s, ,%s", "%s,\t,%s",
                                        " ,%s", ",",   ", ,",    ""};
    static const char *const good[] = {"%s", "%s,%s", "%s , %s", "%s,\t%s"};
    char value[128];
    for (size_t i = 0; i < COUNT(keys); i++) {
        for (size_t j = 0; j < COUNT(wrong) + COUNT(good); j++) {
            const char *form = j < COUNT(wrong) ? wrong[j] : good[j - COUNT(wrong)];
            char *to = value;
            for (const char *at = form; *at != '\0'; at++) {
                if (*at == '%')
                    to = stpcpy(to, keys[i].good);
                else if (at == form || at[-1] != '%')
                    *to++ = *at;
            }
            *to = '\0';
            if (j < COUNT(wrong)) { /* blanks before a value go */
                check_key_refused("policy", keys[i].name, keys[i].expected,
                                  value + strspn(value, " "));
            } else {
                check_loads(with_key("policy", keys[i].name, value));
                config_free(&config);
            }
        }
    }
}

static void test_a_module_name_with_a_folder_is_refused(void **state)
{
    (void)state;
    static const char *const good[] = {"pam_a", "pam_a.so", "pam_a,pam_b", "pam_a ,\tpam-b , c"};
    static const char *const wrong[] = {"/lib/pam_a.so", "pam_a,", ",pam_a", "pam_a,,pam_b",
                                        "pam_a pam_b",   "$ISA/a", "pam_a;", ""};
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_key("swmfa", "first_factor_modules", good[i]));
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_key_refused(
            "swmfa", "first_factor_modules",
            "the name of a PAM module such as pam_example, or several separated by commas",
            wrong[i]);
}

static void test_each_network_is_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"0.0.0.0/0", "::/0", "192.0.2.1", "2001:db8::1",
                                       "192.0.2.0/24,2001:db8::/32 , ::ffff:192.0.2.0/120"};
    static const struct {
        const char *value;
        const char *problem;
    } cases[] = {
        {"example.org", NO_NETWORK "example.org" COMMAS},
        {"192.0.2.0/24, localhost", NO_NETWORK "localhost" COMMAS},
        {"localhost, 192.0.2.0/33", NO_NETWORK "localhost" COMMAS},
        {"192.0.2.0/33", NO_NETWORK "192.0.2.0/33" COMMAS},
        {"192.0.2.0/024", NO_NETWORK "192.0.2.0/024" COMMAS},
        {"192.0.2.0/24 , 192.0.2.1/24", "has nonzero bits after the /24: 192.0.2.1/24 (for "
                                        "that one address omit /24)"},
        {"192.0.2.0/24 192.0.3.0/24", NO_NETWORK "192.0.2.0/24 192.0.3.0/24" COMMAS},
        {"2001:db8::1/32", "has nonzero bits after the /32: 2001:db8::1/32 (for that one "
                           "address omit /32)"},
        {"192.0.2", NO_NETWORK "192.0.2" COMMAS},
        {"fe80::1%eth0", NO_NETWORK "fe80::1%eth0" COMMAS},
        {"all", NO_NETWORK "all" COMMAS},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_key("policy", "exempt_networks", good[i]));
        check_text("exempt_networks", config.policy.exempt_networks, good[i]);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(with_key("policy", "exempt_networks", cases[i].value),
                      unit_format(":6: [policy] exempt_networks: %s", cases[i].problem));
    check_refused("[policy]\n\nservices = sshd\nexempt_networks = x\n" LEAST,
                  ":4: [policy] exempt_networks: " NO_NETWORK "x" COMMAS);
}

static void test_each_limit_is_checked(void **state)
{
    (void)state;
    static const char *const keys[] = {"user_sends", "phone_sends", "address_sends", "host_sends"};
    static const char *const wrong[] = {
        "",       "3",     "3/10",   "10m",     "0",          "3/10m,", "3/10m,,5/1h",
        "0/10m",  "3/0m",  "3/10 m", "3 / 10m", "100001/10m", "3/31d",  "3/10m,5/600s",
        "3/10m.", "x/10m", "-3/10m", "03/10m",  "3/10m 5/1h", "none",   "4294967299/10m",
    };
    for (size_t i = 0; i < COUNT(keys); i++)
        for (size_t j = 0; j < COUNT(wrong); j++)
            check_key_refused("limits", keys[i], LIMITS, wrong[j]);
    check_unsaid_refused("limits", "user_sends", LIMITS, /* too long to be shown */
                         "1/1s,2/2s,3/3s,4/4s,5/5s,6/6s,7/7s,8/8s,9/9s");
    check_refused("[limits]\n\nuser_sends = 3/10m\nhost_sends = 3/10\n" LEAST,
                  ":4: [limits] host_sends: " LIMITS ", not \"3/10\"");
    check_refused(LEAST "[limits]\nuser_sends = 3/10m\nuser_sends = 3/10m\n",
                  ":7: [limits] user_sends: given twice; remove one of the two lines");
    check_refused(LEAST "[limits]\nusers_sends = 3/10m\n",
                  ":6: [limits] users_sends: unknown key; did you mean user_sends?");
    check_refused(LEAST "[limit]\n", ":5: unknown section [limit]");
}

static void check_price(enum provider_id provider, enum channel channel, bool given,
                        int64_t millionths)
{
    struct terms terms = terms_of(provider);
    unit_same_number(channel_names[channel], terms.price[channel].given, given);
    unit_same_number(channel_names[channel], terms.price[channel].millionths, millionths);
}

/* Also of a provider that is not used: what it sent before was paid for. */
static void test_prices_are_exact_and_none_is_given_by_default(void **state)
{
    (void)state;
    check_loads(LEAST);
    for (size_t i = 0; i < PROVIDER_COUNT; i++)
        for (int k = 0; k < CHANNEL_COUNT; k++)
            check_price((enum provider_id)i, (enum channel)k, false, 0);
    config_free(&config);
    check_loads(LEAST "sms_price = 0.0079\ncall_price = 0\n[bandwidth]\ncall_price = 12.5\n");
    check_price(SW, CHANNEL_SMS, true, 7900);
    check_price(SW, CHANNEL_CALL, true, 0);
    check_price(BW, CHANNEL_SMS, false, 0);
    check_price(BW, CHANNEL_CALL, true, 12500000);
    config_free(&config);
    check_refused(LEAST "sms_price = 0,0079\n",
                  ":5: [signalwire] sms_price: a price such as 0.0079, at most 999999.999999, not "
                  "\"0,0079\"");
    check_refused(
        LEAST "call_price =\n",
        ":5: [signalwire] call_price: a price such as 0.0079, at most 999999.999999, not \"\"");
    check_refused(
        LEAST "[bandwidth]\nsms_price = -1\n",
        ":6: [bandwidth] sms_price: a price such as 0.0079, at most 999999.999999, not \"-1\"");
}

static void test_a_currency_consists_of_letters(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "$", "US D", "USD1", "ABCDEFGHI", "\xe2\x82\xac"};
    check_loads("[swmfa]\ncurrency = ABCDEFGH\n" LEAST);
    check_text("currency", config.currency, "ABCDEFGH");
    config_free(&config);
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_refused(unit_format("[swmfa]\ncurrency = %s\n" LEAST, wrong[i]),
                      unit_format(":2: [swmfa] currency: 1 to 8 letters, not \"%s\"", wrong[i]));
}

static void test_a_phone_has_the_limits_of_a_user_by_default(void **state)
{
    (void)state;
    static const struct limit one[] = {{1, 60}};
    static const struct limit two[] = {{2, 7200}, {3, 86400}};
    check_loads(LEAST "[limits]\n");
    check_defaults_of_limits();
    config_free(&config);
    check_loads(LEAST "[limits]\nuser_sends = 2/2h, 3/1d\n");
    check_limits("user_sends", &config.sends.user, two, COUNT(two));
    check_limits("phone_sends", &config.sends.phone, two, COUNT(two));
    config_free(&config);
    check_loads(LEAST "[limits]\nphone_sends = 1/1m\nuser_sends = 2/2h, 3/1d\n");
    check_limits("user_sends", &config.sends.user, two, COUNT(two));
    check_limits("phone_sends", &config.sends.phone, one, COUNT(one));
    config_free(&config);
    check_loads(LEAST "[limits]\nphone_sends = 1/1m\n");
    check_limits("user_sends", &config.sends.user, users_default, COUNT(users_default));
    check_limits("phone_sends", &config.sends.phone, one, COUNT(one));
    config_free(&config);
}

static void test_a_time_to_remember_outside_its_range_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int seconds;
    } good[] = {{"0", 0}, {"1s", 1}, {"90s", 90}, {"12h", 43200}, {"30d", 2592000}};
    static const char *const wrong[] = {"",     "12",  "h",   "12 h", "0h",       "31d",
                                        "721h", "-1h", "01h", "12h,", "1h, 2h",   "yes",
                                        "no",   "1w",  "00",  "1.5h", "2592001s", "4294967297s"};
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_key("policy", "remember", good[i].value));
        unit_same_number(good[i].value, config.policy.remember, good[i].seconds);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_key_refused("policy", "remember", SPAN, wrong[i]);
}

static void test_each_country_is_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"+1", "+44", "+1, +44", "+1 ,+44,\t+123456789012345"};
    static const struct {
        const char *value;
        unsigned item;
    } cases[] = {
        {"44", 1},        {"+", 1},      {"+0", 1},          {"0044", 1},
        {"++44", 1},      {"+1 +44", 1}, {"+1, 44", 2},      {"1, 44", 1},
        {"+1,+44,US", 3}, {"+1-555", 1}, {"+1 555, +44", 1}, {"all", 1},
        {"+1*", 1},       {"+1;+44", 1}, {"+44, +1.", 2},    {"+1, +1234567890123456", 2},
    };
    static const char *const empty[] = {"", ",", "+1,", ",+1", "+1,,+44", "+1, ,+44"};
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_key("limits", "countries", good[i]));
        check_text("countries", config.countries, good[i]);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(with_key("limits", "countries", cases[i].value),
                      unit_format(":6: [limits] countries: item %u " PREFIX, cases[i].item));
    for (size_t i = 0; i < COUNT(empty); i++)
        check_key_refused("limits", "countries",
                          "the beginning of numbers such as +44, or several separated by commas",
                          empty[i]);
    check_refused(with_key("limits", "countries", "+1, " SECRET),
                  ":6: [limits] countries: item 2 " PREFIX);
}

static void test_a_relative_path_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *name;
    } keys[] = {{"swmfa", "users"}, {"signalwire", "ca_file"}, {"bandwidth", "ca_file"}},
      redact[] = {{"signalwire", "api_token_file"}, {"bandwidth", "password_file"}};
    static const char *const wrong[] = {"", "file", "./file", "../file", "~/file"};
    for (size_t j = 0; j < COUNT(wrong); j++) {
        for (size_t i = 0; i < COUNT(keys); i++)
            check_key_refused(keys[i].section, keys[i].name, "an absolute path", wrong[j]);
        for (size_t i = 0; i < COUNT(redact); i++)
            check_unsaid_refused(redact[i].section, redact[i].name, "an absolute path", wrong[j]);
    }
}

static void test_a_token_in_place_of_its_file_name_is_not_shown(void **state)
{
    (void)state;
    check_refused(SIGNALWIRE "api_token_file = PT-misplaced\n",
                  ":4: [signalwire] api_token_file: an absolute path");
    check_refused("[signalwire]\nendpoint = https://project:PT-misplaced@localhost\n",
                  ":2: [signalwire] endpoint: https://HOST or https://HOST:PORT");
    check_refused("[signalwire]\nspace = PT0123456789012345678901234567890123456789\n",
                  ":2: [signalwire] space: the SPACE of https://SPACE.signalwire.com, at most 63 "
                  "characters");
    check_refused(BANDWIDTH "password_file = PT-misplaced\n",
                  ":8: [bandwidth] password_file: an absolute path");
    check_refused("[bandwidth]\nusername = PT misplaced\n",
                  ":2: [bandwidth] username: up to 250 printable characters, no blanks or colons");
    check_refused("[bandwidth]\naccount_id = PT.misplaced\n",
                  ":2: [bandwidth] account_id: up to 50 letters, digits, hyphens, underscores");
    check_refused("[bandwidth]\nendpoint = https://user:PT-misplaced@localhost\n",
                  ":2: [bandwidth] endpoint: https://HOST or https://HOST:PORT");
    check_refused(SIGNALWIRE "api_token PT-misplaced:x\n",
                  ":4: [signalwire] api_token: unknown key");
}

static void test_from_must_be_an_e164_number(void **state)
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
    static const char *const sections[PROVIDER_COUNT] = {[SW] = "signalwire", [BW] = "bandwidth"};
    for (enum provider_id id = 0; id < PROVIDER_COUNT; id++) {
        for (size_t i = 0; i < COUNT(good); i++) {
            check_loads(with_key(sections[id], "from", good[i]));
            check_text("from", sent_text(id, CHANNEL_SMS, "from"), good[i]);
            config_free(&config);
        }
        for (size_t i = 0; i < COUNT(wrong); i++)
            check_key_refused(sections[id], "from", "an E.164 number such as +12029167968",
                              wrong[i]);
    }
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

static void test_a_space_must_be_one_label_of_a_host_name(void **state)
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
    check_refused(with_space(LABEL_63 "4"),
                  ":2: [signalwire] space: the SPACE of https://SPACE.signalwire.com, at most 63 "
                  "characters");
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_space(good[i]));
        check_text("space", account_of(SW)->base,
                   unit_format("https://%s.signalwire.com/api/relay/rest", good[i]));
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_refused(with_space(wrong[i]), unit_format(":2: [signalwire] space: the SPACE of "
                                                        "https://SPACE.signalwire.com, at most 63 "
                                                        "characters, not \"%s\"",
                                                        wrong[i]));
}

static void test_an_endpoint_must_be_an_https_host(void **state)
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
        "https://localhost, https://localhost",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_endpoint(good[i]));
        check_text("endpoint", account_of(SW)->base, unit_format("%s/api/relay/rest", good[i]));
        config_free(&config);
        check_loads(unit_format("%sendpoint = %s\n", BANDWIDTH PASSWORD, good[i]));
        check_text("endpoint", account_of(BW)->base,
                   unit_format("%s/api/v1/accounts/9900000", good[i]));
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_key_refused("bandwidth", "endpoint", "https://HOST or https://HOST:PORT", wrong[i]);
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_refused(with_endpoint(wrong[i]),
                      unit_format(":2: [signalwire] endpoint: https://HOST or https://HOST:PORT, "
                                  "not \"%s\"",
                                  wrong[i]));
}

static void test_a_project_id_of_another_shape_is_refused(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "Z9._-", "00000000-0000-0000-0000-000000000000"};
    static const char *const wrong[] = {"", "a b", "a:b", "a/b", "a@b", "\xc3\xa9", "a #b", "a\tb"};
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(with_project(good[i]));
        check_text("project_id", account_of(SW)->user, good[i]);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_refused(with_project(wrong[i]),
                      ":3: [signalwire] project_id: up to 250 letters, digits, dots, hyphens, "
                      "underscores");
}

static void test_a_value_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *name;
        const char *start;
        size_t most;
        bool longer; /* longer than a line of some builds of inih */
    } keys[] = {
        {"swmfa", "users", "/", KEY_TEXT_MAX, true},
        {"swmfa", "first_factor_modules", "p", KEY_TEXT_MAX, true},
        {"policy", "services", "a", KEY_TEXT_MAX, true},
        {"policy", "require_groups", "a", KEY_TEXT_MAX, true},
        {"signalwire", "ca_file", "/", KEY_TEXT_MAX, true},
        {"bandwidth", "message", "{CODE}", KEY_TEXT_MAX, true},
        {"bandwidth", "password", "p", KEY_TEXT_MAX, true},
        {"bandwidth", "password_file", "/", KEY_TEXT_MAX, true},
        {"bandwidth", "username", "u", 250, true},
        {"bandwidth", "account_id", "a", 50, false},
        {"bandwidth", "messaging_application_id", "a", 50, false},
        {"bandwidth", "voice_application_id", "a", 50, false},
    };
    char value[KEY_TEXT_MAX + 2];
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (keys[i].longer && LONGEST < 4000)
            continue;
        for (size_t length = keys[i].most; length <= keys[i].most + 1; length++) {
            unit_repeat(value, sizeof(value), "a", length);
            memcpy(value, keys[i].start, strlen(keys[i].start));
            /* of a section that is not used: files are not read */
            bool good = load(
                unit_format("%s%s[%s]\n%s = %s\n",
                            strcmp(keys[i].section, "signalwire") == 0 ? "" : LEAST,
                            strcmp(keys[i].section, "signalwire") == 0 ? BANDWIDTH PASSWORD : "",
                            keys[i].section, keys[i].name, value));
            config_free(&config);
            unit_same_number(unit_format("%s of %zu", keys[i].name, length), good,
                             length == keys[i].most);
        }
    }
    for (size_t length = 250; length <= 251; length++) {
        bool good = load(with_project(unit_repeat(value, sizeof(value), "a", length)));
        config_free(&config);
        assert_int_equal(good, length == 250);
    }
    for (size_t length = KEY_TEXT_MAX; LONGEST > 4000 && length <= KEY_TEXT_MAX + 1; length++) {
        bool good = load(with_token(unit_repeat(value, sizeof(value), "a", length)));
        config_free(&config);
        assert_int_equal(good, length == KEY_TEXT_MAX);
    }
}

/* [bandwidth], which is not used, with one key: its form is checked all the same. */
static void test_texts_of_bandwidth_of_another_shape_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *value;
        bool good;
    } cases[] = {
        {"account_id", "9900000", true},
        {"account_id", "A_z-9", true},
        {"account_id", "", false},
        {"account_id", "a/b", false},
        {"account_id", "..", false},
        {"account_id", "a?b", false},
        {"account_id", "a b", false},
        {"account_id", "caf\xc3\xa9", false},
        {"username", "user@example.org", true},
        {"username", "!~#/", true},
        {"username", "", false},
        {"username", "a:b", false}, /* HTTP Basic ends it at a colon */
        {"username", "a b", false},
        {"username", "\xc3\xa9", false},
        {"messaging_application_id", "93de2206-9669-4e07-948d-329f4b722ee2", true},
        {"messaging_application_id", "", false},
        {"messaging_application_id", "a b", false},
        {"messaging_application_id", "a/b", false},
        {"messaging_application_id", "a\"b", false},
        {"voice_application_id", "a_b", true},
        {"voice_application_id", "", false},
        {"voice_application_id", "a.b", false},
        {"password", "!~:;#", true},
        {"password", "", false},
        {"password", "a b", false},
        {"password", "\xc3\xa9", false},
    };
    static const struct {
        const char *name;
        const char *expected;
    } forms[] = {
        {"account_id", "up to 50 letters, digits, hyphens, underscores"},
        {"username", "up to 250 printable characters, no blanks or colons"},
        {"messaging_application_id",
         "the id of an application, up to 50 letters, digits, hyphens, underscores"},
        {"voice_application_id",
         "the id of an application, up to 50 letters, digits, hyphens, underscores"},
        {"password", "printable characters, no blanks"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t form = 0;
        while (strcmp(forms[form].name, cases[i].name) != 0)
            form++;
        if (cases[i].good) {
            check_loads(with_key("bandwidth", cases[i].name, cases[i].value));
            config_free(&config);
        } else {
            check_unsaid_refused("bandwidth", cases[i].name, forms[form].expected, cases[i].value);
        }
    }
}

static void test_a_message_of_bandwidth_must_contain_the_code(void **state)
{
    (void)state;
    static const char *const good[] = {"{CODE}", "a {CODE} b", "{NAME} {SCOPE} {CODE}{CODE}",
                                       "caf\xc3\xa9 {CODE}", "{{CODE}}"};
    static const char *const wrong[] = {"",       "Your code is:", "CODE",    "{code}", "{Code}",
                                        "{NAME}", "{CODE",         "{ CODE}", "$CODE$", "{C ODE}"};
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(unit_format("%smessage = %s\n", BANDWIDTH PASSWORD, good[i]));
        check_text("message", sent_text(BW, CHANNEL_CALL, "message"), good[i]);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_key_refused("bandwidth", "message", "a text with {CODE} in it, at most 2048 bytes",
                          wrong[i]);
    check_refused(BANDWIDTH PASSWORD "message = caf\xe9 {CODE}\n",
                  ":9: [bandwidth] message: is not valid UTF-8 text");
    check_refused(BANDWIDTH PASSWORD "message = {CODE} \xc3\n",
                  ":9: [bandwidth] message: is not valid UTF-8 text");
}

#define UNQUOTED   "write it without quotes"
#define TOKEN_FORM "[signalwire] api_token: printable characters, no blanks or quotes"

static void test_a_token_is_never_shown(void **state)
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
         ":5: [signalwire] api_token: given twice; remove one of the two lines"},
        {LEAST "[swmfa]\napi_token = " SECRET "\n",
         ":6: [swmfa] api_token: unknown key; did you mean [signalwire] api_token?"},
        {SIGNALWIRE "token = " SECRET "\n", ":4: [signalwire] token: unknown key"},
        {SIGNALWIRE "api_token " SECRET "\n", ":4: expected [section] or key = value"},
        {SIGNALWIRE "api_token = x\n" SECRET "\n", ":5: expected [section] or key = value"},
        {SIGNALWIRE "api_token = " SECRET "\033\n", ":4: control character 0x1b"},
        {SIGNALWIRE "api_token_file = /token\napi_token = " SECRET "\n",
         ":4: [signalwire] api_token_file: give api_token or api_token_file, not both"},
        {BANDWIDTH "password =\n", ":8: [bandwidth] password: printable characters, no blanks"},
        {BANDWIDTH "password = x " SECRET "\n",
         ":8: [bandwidth] password: printable characters, no blanks"},
        {BANDWIDTH PASSWORD PASSWORD,
         ":9: [bandwidth] password: given twice; remove one of the two lines"},
        {BANDWIDTH PASSWORD "password_file = /password\n",
         ":9: [bandwidth] password_file: give password or password_file, not both"},
        {BANDWIDTH "api_token = " SECRET "\n",
         ":8: [bandwidth] api_token: unknown key; did you mean [signalwire] api_token?"},
        {LEAST PASSWORD,
         ":5: [signalwire] password: unknown key; did you mean [bandwidth] password?"},
        {LEAST "[bandwidth]\npassword = x " SECRET "\n", /* also where it is not used */
         ":6: [bandwidth] password: printable characters, no blanks"},
    };
    char filler[KEY_TEXT_MAX + 1];
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(cases[i].content, cases[i].problem);
    if (LONGEST > 4000)
        check_refused(with_token(unit_format(SECRET "%s", unit_repeat(filler, sizeof(filler), "x",
                                                                      KEY_TEXT_MAX))),
                      ":4: " TOKEN_FORM);
}

/* Quotes are part of a value, so they would be sent to the provider, or name a group that nobody is
 * in. */
static void test_a_quoted_value_is_refused_if_quotes_cannot_be_part_of_it(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *problem;
    } cases[] = {
        {SIGNALWIRE "api_token = \"" SECRET "\"\n", ":4: [signalwire] api_token: " UNQUOTED},
        {SIGNALWIRE "api_token = '" SECRET "'\n", ":4: [signalwire] api_token: " UNQUOTED},
        {SIGNALWIRE "api_token = \xe2\x80\x9c" SECRET "\xe2\x80\x9d\n",
         ":4: [signalwire] api_token: " UNQUOTED},
        {SIGNALWIRE "api_token = " SECRET "\"\n", ":4: " TOKEN_FORM},
        {SIGNALWIRE "api_token = " SECRET "'x\n", ":4: " TOKEN_FORM},
        {"[signalwire]\nproject_id = \"p\"\n", ":2: [signalwire] project_id: " UNQUOTED},
        {"[signalwire]\nspace = \"example\"\n", ":2: [signalwire] space: " UNQUOTED},
        {"[signalwire]\nfrom = \"+15550100182\"\n", ":2: [signalwire] from: " UNQUOTED},
        {"[signalwire]\nca_file = \"/ca\"\n", ":2: [signalwire] ca_file: " UNQUOTED},
        {"[signalwire]\nendpoint = 'https://a.example'\n", ":2: [signalwire] endpoint: " UNQUOTED},
        {"[bandwidth]\nusername = \"u\"\n", ":2: [bandwidth] username: " UNQUOTED},
        {"[bandwidth]\naccount_id = \"1\"\n", ":2: [bandwidth] account_id: " UNQUOTED},
        {"[swmfa]\nchannel = \"sms\"\n", ":2: [swmfa] channel: " UNQUOTED},
        {"[swmfa]\ntries = \"3\"\n", ":2: [swmfa] tries: " UNQUOTED},
        {"[swmfa]\nusers = \"/etc/users\"\n", ":2: [swmfa] users: " UNQUOTED},
        {"[swmfa]\nproviders = \"signalwire\"\n", ":2: [swmfa] providers: " UNQUOTED},
        {"[policy]\nservices = \"sshd\", \"sudo\"\n", ":2: [policy] services: " UNQUOTED},
        {"[policy]\nservices = sshd, \"sudo\"\n", ":2: [policy] services: " UNQUOTED},
        {"[policy]\nservices = \"sshd, sudo\"\n", ":2: [policy] services: " UNQUOTED},
        {"[policy]\nrequire_groups = 'admins'\n", ":2: [policy] require_groups: " UNQUOTED},
        {"[policy]\nexempt_networks = \"::1\"\n", ":2: [policy] exempt_networks: " UNQUOTED},
        {"[policy]\nremember = \"12h\"\n", ":2: [policy] remember: " UNQUOTED},
        {"[limits]\ncountries = \"+1\"\n", ":2: [limits] countries: " UNQUOTED},
        {"[limits]\nuser_sends = \"1/1h\"\n", ":2: [limits] user_sends: " UNQUOTED},
    };
    /* What a password or a text can have. */
    static const char *const good[] = {
        BANDWIDTH "password = \"" SECRET "\"\n",
        BANDWIDTH PASSWORD "message = \"{CODE}\"\n",
        LEAST FROM "message = \"Code\"\n",
        LEAST "[policy]\nexempt_groups = o'brien, domain users\n",
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        check_refused(cases[i].content, cases[i].problem);
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(good[i]);
        config_free(&config);
    }
}

/* ---- the lines ---- */

static void test_a_wrong_line_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *problem;
    } cases[] = {
        /* keys */
        {LEAST "try = 3\n", ":5: [signalwire] try: unknown key"},
        {LEAST "tries = 3\n",
         ":5: [signalwire] tries: unknown key; did you mean [swmfa] tries?"}, /* of another section
                                                                               */
        {LEAST "Token_length = 6\n",
         ":5: [signalwire] Token_length: unknown key; did you mean token_length?"},
        {LEAST "token length = 6\n", ":5: [signalwire] token: unknown key"},
        {LEAST "[swmfa]\nunmaped = deny\n",
         ":6: [swmfa] unmaped: unknown key; did you mean unmapped?"},
        {LEAST "= 3\n", ":5: [signalwire] : unknown key"},
        {"tries = 3\n" LEAST, ":1: [] tries: unknown key: it precedes the first [section]"},
        {"\n; comment\n  space = a\n" LEAST,
         ":3: [] space: unknown key: it precedes the first [section]"},
        {"tries = 3", ":1: [] tries: unknown key: it precedes the first [section]"},
        {LEAST "space = other\n",
         ":5: [signalwire] space: given twice; remove one of the two lines"},
        {LEAST "space = example\n",
         ":5: [signalwire] space: given twice; remove one of the two lines"},
        {LEAST "[swmfa]\ntries = 3\n\n\ntries = 3\n",
         ":9: [swmfa] tries: given twice; remove one of the two lines"},
        {"[swmfa]\ntries = 3\n" LEAST "[swmfa]\ntries = 4\n",
         ":8: [swmfa] tries: given twice; remove one of the two lines"},
        {LEAST "[swmfa]\necho = yes\n  echo = no\n",
         ":7: [swmfa] echo: given twice; remove one of the two lines"},
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
        {LEAST "[twilio]\naccount = 1\n", ":5: unknown section [twilio]"},
        {LEAST "[Bandwidth]\n", ":5: unknown section [Bandwidth]"},
        {LEAST "[bandwidth]\naccount = 1\n", ":6: [bandwidth] account: unknown key"},
        {LEAST "[limits]\ncountrys = +1\n",
         ":6: [limits] countrys: unknown key; did you mean countries?"},
        {LEAST "[swmfa]\nchanel = sms\n", ":6: [swmfa] chanel: unknown key; did you mean channel?"},
        {LEAST "[swmfa]\ntimeot = 3\n", ":6: [swmfa] timeot: unknown key; did you mean timeout?"},
        {LEAST "[swmfa]\nxyz = 3\n", ":6: [swmfa] xyz: unknown key"},
        {LEAST "[policy]\ntries = 3\n",
         ":6: [policy] tries: unknown key; did you mean [swmfa] tries?"},
        {LEAST "[swmfa]\nservices = sshd\n",
         ":6: [swmfa] services: unknown key; did you mean [policy] services?"},
        {LEAST "[swmfa ; x]\n", ":5: unknown section [?]"},
        {LEAST "[[swmfa]]\n", ":5: unknown section [?]"},
        {LEAST "[swmfa] x\n", ":5: expected nothing after [swmfa]"},
        {LEAST "[swmfa]]\n", ":5: expected nothing after [swmfa]"},
        {LEAST "[swmfa]tries = 3\n", ":5: expected nothing after [swmfa]"},
        {LEAST "[swmfa] [other]\n", ":5: expected nothing after [swmfa]"},
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
         ":1: [] tries: unknown key: it precedes the first [section]"},
        {"\xef\xbb\xbf[other]\n" LEAST, ":1: unknown section [other]"},
        {"\xef\xbb\xbf[swmfa] x\n" LEAST, ":1: expected nothing after [swmfa]"},
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
            if (byte == '\r' && strstr(lines[i], "?\n") != NULL)
                continue; /* see test_cr_lf_line_ends_are_one_problem */
            char content[512];
            char expected[128];
            size_t length = (size_t)snprintf(content, sizeof(content), "%s%s", LEAST, lines[i]);
            *strchr(content, '?') = (char)byte;
            (void)snprintf(expected, sizeof(expected), ":5: control character 0x%02x%s",
                           (unsigned)byte,
                           byte == '\r' ? ": save the file with Unix line endings" : "");
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
    assert_int_equal(terms_of(SW).length, 17);
    assert_int_equal(terms_of(SW).wrong_most, 13);
    config_free(&config);
    check_refused(with_line("token_length = ", " ", LONGEST, "17\nmax_attempts = 0\n"),
                  ":6: [signalwire] max_attempts: 1 to 20, not \"0\"");
}

/* ---- the whole ---- */

static void test_a_required_key_must_be_given_exactly_once(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *problem;
    } cases[] = {
        {"", ": [signalwire] project_id: missing (providers lists signalwire)"},
        {"\n# nothing\n", ": [signalwire] project_id: missing (providers lists signalwire)"},
        {"[swmfa]\n[policy]\n[bandwidth]\n[signalwire]\n",
         ": [signalwire] project_id: missing (providers lists signalwire)"},
        {"[signalwire]\nproject_id = p\napi_token = t\n",
         ": [signalwire] space: missing: the SPACE of https://SPACE.signalwire.com"},
        {"[signalwire]\nspace = a\napi_token = t\n",
         ": [signalwire] project_id: missing (providers lists signalwire)"},
        {"[signalwire]\nspace = a\nproject_id = p\n",
         ": [signalwire] api_token: missing: set it or api_token_file (providers lists "
         "signalwire)"},
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

#define BY(names) "[swmfa]\nproviders = " names "\n"

static void test_keys_that_bandwidth_needs_are_required_only_if_it_is_used(void **state)
{
    (void)state;
    static const struct {
        const char *section; /* after three lines, and [bandwidth] */
        const char *problem;
    } cases[] = {
        {"", ": [bandwidth] account_id: missing (providers lists bandwidth)"},
        {"username = u\npassword = p\n" FROM "voice_application_id = v\n",
         ": [bandwidth] account_id: missing (providers lists bandwidth)"},
        {"account_id = a\npassword = p\n" FROM "voice_application_id = v\n",
         ": [bandwidth] username: missing (providers lists bandwidth)"},
        {"account_id = a\nusername = u\n" FROM "voice_application_id = v\n",
         ": [bandwidth] password: missing: set it or password_file (providers lists bandwidth)"},
        {"account_id = a\nusername = u\npassword = p\npassword_file = /password\n" FROM
         "voice_application_id = v\n",
         ":7: [bandwidth] password_file: give password or password_file, not both"},
        {"account_id = a\nusername = u\npassword = p\nvoice_application_id = v\n",
         ": [bandwidth] from: missing (providers lists bandwidth)"},
        {"account_id = a\nusername = u\npassword = p\n" FROM,
         ": [bandwidth] messaging_application_id: missing: give it, or voice_application_id, or "
         "both"},
    };
    static const char *const by[] = {BY("bandwidth"), BY("bandwidth, signalwire"),
                                     BY("signalwire, bandwidth")};
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t j = 0; j < COUNT(by); j++)
            check_refused(unit_format("%s[bandwidth]\n%s%s", by[j], cases[i].section, LEAST),
                          cases[i].problem);
        check_loads(unit_format("%s[bandwidth]\n%s%s", BY("signalwire"), cases[i].section, LEAST));
        config_free(&config);
        check_loads(unit_format("\n\n[bandwidth]\n%s%s", cases[i].section, LEAST));
        config_free(&config);
    }
}

static void test_one_application_of_bandwidth_is_enough(void **state)
{
    (void)state;
    static const char *const lines[] = {"messaging_application_id = m\n",
                                        "voice_application_id = v\n",
                                        "messaging_application_id = m\nvoice_application_id = v\n"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        check_loads(unit_format("%s[bandwidth]\naccount_id = a\nusername = u\npassword = p\n%s%s",
                                BY("bandwidth"), FROM, lines[i]));
        unit_same_number(lines[i], providers[BW]->lacks(config.settings[BW], CHANNEL_SMS) == NULL,
                         i != 1);
        unit_same_number(lines[i], providers[BW]->lacks(config.settings[BW], CHANNEL_CALL) == NULL,
                         i != 0);
        config_free(&config);
    }
}

static void test_an_unused_section_is_checked_only_for_its_form(void **state)
{
    (void)state;
    static const char *const good[] = {
        /* of [bandwidth] */
        LEAST "[bandwidth]\n",
        LEAST "[bandwidth]\nca_file = /nowhere/ca.pem\n",
        LEAST "[bandwidth]\npassword_file = /nowhere/password\n",
        LEAST "[bandwidth]\npassword = p\npassword_file = /nowhere/password\n",
        LEAST "[bandwidth]\nmessage = caf\xe9 {CODE}\n",
        /* of [signalwire] */
        BANDWIDTH PASSWORD,
        BANDWIDTH PASSWORD "[signalwire]\n",
        BANDWIDTH PASSWORD "[signalwire]\nspace = a\nendpoint = https://localhost\n",
        BANDWIDTH PASSWORD "[signalwire]\nmessage = needs from\n",
        BANDWIDTH PASSWORD "[signalwire]\nca_file = /nowhere/ca.pem\n",
        BANDWIDTH PASSWORD "[signalwire]\napi_token = t\napi_token_file = /nowhere/token\n",
    };
    static const struct {
        const char *content;
        const char *problem;
    } wrong[] = {
        {LEAST "[bandwidth]\ndigits = 9\n", ":6: [bandwidth] digits: 4 to 8, not \"9\""},
        {LEAST "[bandwidth]\ndigit = 6\n",
         ":6: [bandwidth] digit: unknown key; did you mean digits?"},
        {LEAST "[bandwidth]\ndigits = 6\ndigits = 6\n",
         ":7: [bandwidth] digits: given twice; remove one of the two lines"},
        {LEAST "[bandwidth]\nca_file = ca.pem\n",
         ":6: [bandwidth] ca_file: an absolute path, not \"ca.pem\""},
        {BANDWIDTH PASSWORD "[signalwire]\ntoken_length = 3\n",
         ":10: [signalwire] token_length: 4 to 20, not \"3\""},
        {BANDWIDTH PASSWORD "[signalwire]\nspace = A\n",
         ":10: [signalwire] space: the SPACE of https://SPACE.signalwire.com, at most 63 "
         "characters, not \"A\""},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        check_loads(good[i]);
        config_free(&config);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_refused(wrong[i].content, wrong[i].problem);
}

static void test_each_default_passes_its_own_check(void **state)
{
    (void)state;
    struct config_key key;
    size_t defaults = 0;
    for (size_t i = 0; config_key_at(i, &key); i++) {
        if (key.default_value == NULL)
            continue;
        defaults++;
        check_loads(with_key(key.section, key.name, key.default_value));
        check_defaults(); /* as if it had not been given */
        config_free(&config);
        if (strcmp(key.section, "bandwidth") == 0) { /* and where the section is used */
            check_loads(
                unit_format("%s%s = %s\n", BANDWIDTH PASSWORD, key.name, key.default_value));
            check_bandwidths_defaults();
            config_free(&config);
        }
    }
    assert_in_range(defaults, 20, 40);
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

/* A key that names another file, and the configuration whose last line it is. */
struct naming {
    const char *before;
    int line;
    const char *section;
    const char *key;
    enum provider_id id;
    bool secret; /* the file holds a secret */
};

static const struct naming namings[] = {
    {SIGNALWIRE, 4, "signalwire", "api_token_file", SW, true},
    {BANDWIDTH, 8, "bandwidth", "password_file", BW, true},
    {LEAST, 5, "signalwire", "ca_file", SW, false},
    {BANDWIDTH PASSWORD, 9, "bandwidth", "ca_file", BW, false},
};

static bool load_naming(const struct naming *naming, const char *path)
{
    return load(unit_format("%s%s = %s\n", naming->before, naming->key, path));
}

static void test_a_secret_file_holds_one_secret(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        size_t length;
        bool good;
        const char *more; /* of the problem */
    } cases[] = {
#define CONTENT(text) text, sizeof(text) - 1
        {CONTENT(SECRET "\n"), true, ""},
        {CONTENT(SECRET), true, ""},
        {CONTENT(""), false, ""},
        {CONTENT("\n"), false, ""},
        {CONTENT(SECRET "\n\n"), false, ""},
        {CONTENT("\n" SECRET "\n"), false, ""},
        {CONTENT(SECRET "\n" SECRET "\n"), false, ""},
        {CONTENT(SECRET "\n" SECRET), false, ""},
        {CONTENT(SECRET "\r\n"), false, ""},
        {CONTENT(SECRET " \n"), false, ""},
        {CONTENT(" " SECRET "\n"), false, ""},
        {CONTENT("api_token = " SECRET "\n"), false, ""},
        {CONTENT("# comment\n" SECRET "\n"), false, ""},
        {CONTENT(SECRET "\0\n"), false, ""},
        {CONTENT(SECRET "\0x\n"), false, ""},
        {CONTENT(SECRET "\0" SECRET), false, ""},
        {CONTENT(SECRET "\0"), false, ""},
        {CONTENT("\0" SECRET "\n"), false, ""},
        {CONTENT("\xef\xbb\xbf" SECRET "\n"), false,
         ": it begins with a byte order mark, save the file without it"},
#undef CONTENT
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (const struct naming *naming = namings; naming->secret; naming++) {
            char *path = unit_file_of("secret", cases[i].content, cases[i].length, 0600);
            bool good = load_naming(naming, path);
            unit_same_number(cases[i].content, good, cases[i].good);
            if (good) {
                check_text(naming->key, secret_of(naming->id), SECRET);
                config_free(&config);
            } else {
                check_problem(cases[i].content,
                              unit_format(":%d: [%s] %s: %s: expected the %.*s alone, on one line "
                                          "without blanks or carriage return%s",
                                          naming->line, naming->section, naming->key, path,
                                          (int)strcspn(naming->key, "_") +
                                              (naming->id == SW ? (int)strlen("_token") : 0),
                                          naming->key, cases[i].more));
            }
            unit_remove(path);
        }
    }
}

static void test_a_quoted_token_in_a_file_is_refused(void **state)
{
    (void)state;
    char *path = unit_file("secret", "\"" SECRET "\"\n", 0600);
    assert_false(load_naming(&namings[0], path));
    check_problem("quotes",
                  unit_format(":4: [signalwire] api_token_file: %s: expected the api_token "
                              "alone, on one line without blanks or carriage return: " UNQUOTED,
                              path));
    assert_true(load_naming(&namings[1], path)); /* a password can have them */
    config_free(&config);
    unit_remove(path);
}

static void test_a_secret_in_a_file_has_the_usual_length_limits(void **state)
{
    (void)state;
    char secret[KEY_TEXT_MAX + 2];
    for (size_t length = KEY_TEXT_MAX; length <= KEY_TEXT_MAX + 1; length++) {
        for (const struct naming *naming = namings; naming->secret; naming++) {
            char *path =
                unit_file("secret", unit_repeat(secret, sizeof(secret), "t", length), 0600);
            bool good = load_naming(naming, path);
            unit_remove(path);
            config_free(&config);
            assert_int_equal(good, length == KEY_TEXT_MAX);
        }
    }
}

static void check_naming_refused(const struct naming *naming, const char *path, const char *why)
{
    assert_false(load_naming(naming, path));
    check_problem(why, unit_format(":%d: [%s] %s: %s: %s", naming->line, naming->section,
                                   naming->key, path, why));
}

static void test_a_named_file_is_checked_like_the_configuration(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(namings); i++) {
        char *path = unit_path("named");
        char *link = unit_path("link");
        check_naming_refused(&namings[i], path, "No such file or directory");
        check_naming_refused(&namings[i], unit_folder(), "expected a regular file");
        assert_int_equal(symlink(path, link), 0);
        check_naming_refused(&namings[i], link,
                             "is a symbolic link; use the path of the file itself");
        unit_remove(link);
        free(path);

        path = unit_file("named", SECRET "\n", 0660);
        check_naming_refused(&namings[i], path,
                             unit_format("mode is 0660; only its owner may write it: chmod go-w %s",
                                         path));
        if (chown(path, 65534, (gid_t)-1) == 0)
            check_naming_refused(&namings[i], path, "must be owned by root, not by uid 65534");
        unit_remove(path);
    }
}

static void test_a_secret_file_must_be_unreadable_to_others_and_a_ca_file_need_not(void **state)
{
    (void)state;
    char *path = unit_file("named", SECRET "\n", 0644);
    for (size_t i = 0; i < COUNT(namings); i++) {
        if (namings[i].secret) {
            check_naming_refused(&namings[i], path,
                                 unit_format("mode is 0644; it holds a secret that others must not "
                                             "read: chmod o-r %s",
                                             path));
            continue;
        }
        bool good = load_naming(&namings[i], path);
        unit_check(problem.text, good, "a CA file that all may read is good");
        check_text("ca_pem", account_of(namings[i].id)->ca_pem, SECRET "\n");
        config_free(&config);
    }
    unit_remove(path);
}

/* Loads what is at the path, and expects that the problem is the path and then expected. */
static void check_path_refused(const char *path, const char *expected)
{
    struct problem whole = {0};
    memset(&config, 0x55, sizeof(config));
    problem_set(&whole, "%s%s", path, expected);
    if (config_load(path, &config, &problem)) {
        config_free(&config);
        fail_msg("loads, though %s%s", path, expected);
    }
    assert_string_equal(problem.text, whole.text);
    assert_true(is_wiped());
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
        {0604, "it holds a secret that others must not read", "o-r"},
        {0644, "it holds a secret that others must not read", "o-r"},
        {0444, "it holds a secret that others must not read", "o-r"},
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

static void test_a_configuration_not_owned_by_root_is_refused(void **state)
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

static void test_a_file_that_is_not_regular_is_refused_without_waiting(void **state)
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
    check_path_refused(path, ": is a symbolic link; use the path of the file itself");
    unit_remove(target); /* now the link leads nowhere */
    check_path_refused(path, ": is a symbolic link; use the path of the file itself");
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

static void test_without_a_path_the_built_in_one_is_read(void **state)
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
        "swmfa.fail_on",
        "swmfa.tries",
        "swmfa.echo",
        "swmfa.autosend",
        "swmfa.resend_delay",
        "swmfa.connect_timeout",
        "swmfa.timeout",
        "swmfa.deadline",
        "swmfa.currency",
        "swmfa.first_factor_modules",
        "policy.services",
        "policy.exempt_groups",
        "policy.exempt_networks",
        "policy.require_groups",
        "policy.exempt_result",
        "policy.remember",
        "limits.user_sends",
        "limits.phone_sends",
        "limits.address_sends",
        "limits.host_sends",
        "limits.countries",
        "limits.failures",
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
        "signalwire.sms_price",
        "signalwire.call_price",
        "bandwidth.account_id",
        "bandwidth.username",
        "bandwidth.password",
        "bandwidth.password_file",
        "bandwidth.from",
        "bandwidth.messaging_application_id",
        "bandwidth.voice_application_id",
        "bandwidth.message",
        "bandwidth.digits",
        "bandwidth.expiration_minutes",
        "bandwidth.endpoint",
        "bandwidth.ca_file",
        "bandwidth.sms_price",
        "bandwidth.call_price",
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

/* All that is known of a file stands in tables of that size. */
static void test_no_section_has_more_keys_than_there_is_room_for(void **state)
{
    (void)state;
    struct config_key key;
    const char *section = NULL;
    size_t count = 0;
    for (size_t i = 0; config_key_at(i, &key); i++) {
        count = section != NULL && strcmp(section, key.section) == 0 ? count + 1 : 1;
        section = key.section;
        unit_check(section, count < SECTION_KEYS_MAX, "room for one more");
    }
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
    check_text("space", account_of(SW)->base, "https://example.signalwire.com/api/relay/rest");
    config_free(&config);
}

/*
 * The lines of one section of the example, or NULL: between [SECTION] and the next; either may
 * stand after a ";". The caller frees them.
 */
static char *example_section(const char *text, const char *section)
{
    const char *start = NULL;
    const char *heading = unit_format("[%s]", section);
    for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        const char *at = *line == ';' ? line + 1 : line;
        if (*at != '[')
            continue;
        if (start != NULL)
            return strndup(start, (size_t)(line - start));
        if (strncmp(at, heading, strlen(heading)) == 0)
            start = line;
    }
    return start != NULL ? strdup(start) : NULL;
}

/* The value after "KEY = " at a line's beginning, with or without a ";" before it; or NULL. */
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
        char value[512] = "";
        const char *what = unit_format("[%s] %s", key.section, key.name);
        char *section = example_section(example, key.section);
        bool shown =
            section != NULL && example_value(section, key.name, value, sizeof(value)) != NULL;
        free(section);
        unit_check(what, shown, "the example shows it");
        if (key.default_value != NULL)
            unit_same_text(what, value, key.default_value);
    }
    free(example);
}

/* Returns the item of a key in the manual, or NULL; valid until the next call. */
static const char *manual_entry(const char *manual, const char *section, const char *name)
{
    static char body[8192];
    const char *heading = unit_format("\n.Ss [%s]\n", section);
    const char *start = strstr(manual, heading);
    if (start == NULL)
        return NULL;
    start += strlen(heading) - 1;
    const char *end = strstr(start, "\n.Ss ");
    const char *last = strstr(start, "\n.Sh ");
    if (end == NULL || (last != NULL && last < end))
        end = last;
    heading = unit_format("\n.It Ic %s\n", name);
    const char *at = strstr(start, heading);
    if (at == NULL || (end != NULL && at >= end))
        return NULL;
    at += strlen(heading);
    const char *next = strstr(at, "\n.It Ic ");
    if (next == NULL || (end != NULL && next > end))
        next = end;
    (void)snprintf(body, sizeof(body), "%.*s", next != NULL ? (int)(next - at) : (int)strlen(at),
                   at);
    return body;
}

static void test_the_manual_explains_each_key_with_its_default(void **state)
{
    (void)state;
    char *manual = built_file("docs/swmfa.conf.5");
    struct config_key key;
    for (size_t i = 0; config_key_at(i, &key); i++) {
        const char *what = unit_format("[%s] %s", key.section, key.name);
        const char *body = manual_entry(manual, key.section, key.name);
        if (body == NULL) {
            fail_msg("%s: the manual does not explain it", what);
            break;
        }
        if (key.default_value == NULL) {
            unit_check(what, strstr(body, "Default:") == NULL, "no default in the manual");
            continue;
        }
        unit_check(what, strstr(body, "efault") != NULL, "a default in the manual");
        unit_check(what, strstr(body, key.default_value) != NULL, key.default_value);
    }
    free(manual);
}

/* ---- every problem of a configuration ---- */

/* The reported problems, a line each, without the path. */
struct told {
    char *path;
    char text[4096];
};

static void tell(void *context, const struct problem *one)
{
    struct told *told = context;
    size_t used = strlen(told->text);
    size_t path = strlen(told->path);
    unit_check(one->text, strncmp(one->text, told->path, path) == 0, "the path in front");
    unit_check(one->text, strstr(one->text, SECRET) == NULL, "no secret in it");
    (void)snprintf(told->text + used, sizeof(told->text) - used, "%s\n", one->text + path + 1);
}

/* Examines a configuration; the first problem is the one that config_load has. */
static bool examine(const char *content, struct told *told, struct config_lines *lines)
{
    char first[sizeof(problem.text)];
    bool good = load(content);
    if (good)
        config_free(&config);
    (void)snprintf(first, sizeof(first), "%s", problem.text);
    *told = (struct told){.path = unit_file("swmfa.conf", content, 0600)};
    unit_same_number(content, config_examine(told->path, &config, lines, tell, told), good);
    unit_same_number(content, *told->text == '\0', good);
    if (!good)
        unit_check(content,
                   strncmp(first + strlen(told->path) + 1, told->text, strcspn(told->text, "\n")) ==
                       0,
                   first);
    unit_remove(told->path);
    return good;
}

static void test_every_problem_is_reported(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *told;
    } cases[] = {
        {LEAST, ""},
        {"nonsense\n[swmfa\n" LEAST "more nonsense\n= x\n",
         "1: expected [section] or key = value\n2: expected [section] or key = value\n"
         "7: expected [section] or key = value\n8: [signalwire] : unknown key\n"},
        {"tries = 3\n[swmfa]\ntries = 0\ntimeout = x\ntimeout = 3\n" LEAST,
         "1: [] tries: unknown key: it precedes the first [section]\n"
         "3: [swmfa] tries: 1 to 10, not \"0\"\n4: [swmfa] timeout: 1 to 30, not \"x\"\n"
         "5: [swmfa] timeout: given twice; remove one of the two lines\n"},
        {"[smwfa]\ntries = 3\necho = no\n[policy] x\n" LEAST "key = 1\x01\ntoken = 2\n",
         "1: unknown section [smwfa]\n4: expected nothing after [policy]\n"
         "9: control character 0x01\n10: [signalwire] token: unknown key\n"},
        {"[swmfa]\nproviders = signalwire, bandwidth\n[policy]\nexempt_networks = 192.0.2.1/24\n"
         "[limits]\ncountries = 44\n",
         "4: [policy] exempt_networks: has nonzero bits after the /24: 192.0.2.1/24 (for "
         "that one address omit /24)\n"
         "6: [limits] countries: item 1 " PREFIX "\n"
         " [bandwidth] account_id: missing (providers lists bandwidth)\n"
         " [bandwidth] username: missing (providers lists bandwidth)\n"
         " [bandwidth] password: missing: set it or password_file (providers lists bandwidth)\n"
         " [bandwidth] from: missing (providers lists bandwidth)\n"
         " [signalwire] project_id: missing (providers lists signalwire)\n"
         " [signalwire] api_token: missing: set it or api_token_file (providers lists "
         "signalwire)\n"},
        /* Nothing is said twice: not that it is missing, nor what else a wrong value would break.
         */
        {"[signalwire]\nspace = No!\nproject_id = \"\"\napi_token = a b\nmessage = x\n",
         "2: [signalwire] space: the SPACE of https://SPACE.signalwire.com, at most 63 characters, "
         "not \"No!\"\n"
         "3: [signalwire] project_id: " UNQUOTED "\n"
         "4: [signalwire] api_token: printable characters, no blanks or quotes\n"},
        {"[signalwire]\napi_token_file = token\nca_file = ca\n",
         "2: [signalwire] api_token_file: an absolute path\n"
         "3: [signalwire] ca_file: an absolute path, not \"ca\"\n"
         " [signalwire] project_id: missing (providers lists signalwire)\n"},
        {"[swmfa]\nproviders = signalwire, pigeon\n",
         "2: [swmfa] providers: bandwidth or signalwire, each at most once, separated by commas, "
         "not "
         "\"signalwire, pigeon\"\n"},
        {"[bandwidth]\ndigits = 1\nmessage = none\n" LEAST,
         "2: [bandwidth] digits: 4 to 8, not \"1\"\n"
         "3: [bandwidth] message: a text with {CODE} in it, at most 2048 bytes, not \"none\"\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct told told;
        struct config_lines lines;
        examine(cases[i].content, &told, &lines);
        unit_same_text(cases[i].content, told.text, cases[i].told);
        config_free(&config);
    }
}

static void test_wrong_values_are_replaced_by_defaults(void **state)
{
    (void)state;
    struct told told;
    struct config_lines lines;
    examine("[swmfa]\nunmapped = perhaps\ntries = 99\nusers = /x\nfail_on = network, moon\n"
            "[limits]\nuser_sends = many\n" LEAST,
            &told, &lines);
    assert_int_equal(config.unmapped, UNMAPPED_DENY);
    assert_int_equal(config.tries, 3);
    assert_int_equal(config.fail_on.count, 0);
    assert_int_equal(config.sends.user.count, 3);
    assert_string_equal(config.users, "/x");
    assert_int_equal(config_line(&lines, "swmfa", "users"), 4);
    assert_int_equal(config_line(&lines, "signalwire", "api_token"), 11);
    assert_int_equal(config_line(&lines, "swmfa", "echo"), 0);
    assert_int_equal(config_line(&lines, "swmfa", "nothing"), 0);
    assert_int_equal(config_line(&lines, "nothing", "echo"), 0);
    config_free(&config);
    assert_true(is_wiped());
}

static void test_an_unreadable_configuration_is_reported_as_such(void **state)
{
    (void)state;
    struct config_lines lines;
    struct told told = {.path = unit_path("swmfa.conf")};
    assert_false(config_examine(told.path, &config, &lines, tell, &told));
    unit_same_text("a missing file", told.text, " No such file or directory\n");
    assert_true(is_wiped());
    free(told.path);
}

#define DOS(line) line "\r\n"
#define DOS_LEAST                                                                                  \
    DOS("[signalwire]") DOS("space = example") DOS("project_id = p") DOS("api_token = " SECRET)

static void test_cr_lf_line_ends_are_one_problem(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        unsigned line;
        const char *rest; /* what else is told */
    } cases[] = {
        {DOS_LEAST, 1, ""},
        {LEAST DOS("") DOS("") DOS("# comment"), 5, ""},
        {DOS_LEAST DOS("[swmfa]") DOS("tries = x") DOS("echo = no"), 1,
         "6: [swmfa] tries: 1 to 10, not \"x\"\n"},
        {DOS_LEAST "message = a\rb\r\n", 1,
         "5: control character 0x0d: save the file with Unix line endings\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct told told;
        struct config_lines lines;
        char expected[1024];
        char *path = unit_path("swmfa.conf");
        assert_false(examine(cases[i].content, &told, &lines));
        (void)snprintf(expected, sizeof(expected),
                       "%u: the line ends with CR LF, as on Windows; to fix all lines: "
                       "sed -i 's/[[:space:]]*$//' %s\n%s",
                       cases[i].line, path, cases[i].rest);
        unit_same_text(cases[i].content, told.text, expected);
        free(path);
        config_free(&config);
    }
}

static void test_utf_16_is_reported_as_the_only_problem(void **state)
{
    (void)state;
    static const char *const contents[] = {"\xff\xfe[", "\xfe\xff"};
    for (size_t i = 0; i < COUNT(contents); i++) {
        struct told told;
        struct config_lines lines;
        assert_false(examine(contents[i], &told, &lines));
        unit_check(contents[i], strncmp(told.text, " is UTF-16: save it as UTF-8, or", 32) == 0,
                   told.text);
        assert_ptr_equal(strchr(told.text, '\n') + 1, strchr(told.text, '\0'));
        assert_true(is_wiped());
    }
}

int main(void)
{
    if (geteuid() != 0)
        return unit_skip_all("only a file that is root's is a configuration");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_missing_key_has_its_default),
        cmocka_unit_test(test_each_key_has_its_given_value),
        cmocka_unit_test(test_blanks_and_case_in_a_good_line_do_not_matter),
        cmocka_unit_test(test_only_a_semicolon_after_a_blank_starts_a_comment),
        cmocka_unit_test(test_a_number_outside_its_range_is_refused),
        cmocka_unit_test(test_an_unknown_word_is_refused),
        cmocka_unit_test(test_a_list_of_words_keeps_its_order),
        cmocka_unit_test(test_a_list_with_an_unknown_or_repeated_word_is_refused),
        cmocka_unit_test(test_an_empty_item_in_a_list_of_the_policy_is_refused),
        cmocka_unit_test(test_a_module_name_with_a_folder_is_refused),
        cmocka_unit_test(test_each_network_is_checked),
        cmocka_unit_test(test_each_limit_is_checked),
        cmocka_unit_test(test_prices_are_exact_and_none_is_given_by_default),
        cmocka_unit_test(test_a_currency_consists_of_letters),
        cmocka_unit_test(test_a_phone_has_the_limits_of_a_user_by_default),
        cmocka_unit_test(test_a_time_to_remember_outside_its_range_is_refused),
        cmocka_unit_test(test_each_country_is_checked),
        cmocka_unit_test(test_a_relative_path_is_refused),
        cmocka_unit_test(test_a_token_in_place_of_its_file_name_is_not_shown),
        cmocka_unit_test(test_from_must_be_an_e164_number),
        cmocka_unit_test(test_a_space_must_be_one_label_of_a_host_name),
        cmocka_unit_test(test_an_endpoint_must_be_an_https_host),
        cmocka_unit_test(test_a_project_id_of_another_shape_is_refused),
        cmocka_unit_test(test_a_value_that_is_too_long_is_refused),
        cmocka_unit_test(test_texts_of_bandwidth_of_another_shape_are_refused),
        cmocka_unit_test(test_a_message_of_bandwidth_must_contain_the_code),
        cmocka_unit_test(test_a_token_is_never_shown),
        cmocka_unit_test(test_a_quoted_value_is_refused_if_quotes_cannot_be_part_of_it),
        cmocka_unit_test(test_a_wrong_line_is_named),
        cmocka_unit_test(test_a_byte_order_mark_hides_no_error),
        cmocka_unit_test(test_a_control_character_is_refused),
        cmocka_unit_test(test_cr_lf_line_ends_are_one_problem),
        cmocka_unit_test(test_utf_16_is_reported_as_the_only_problem),
        cmocka_unit_test(test_a_line_that_is_too_long_is_refused),
        cmocka_unit_test(test_the_longest_line_is_read_to_its_end),
        cmocka_unit_test(test_a_required_key_must_be_given_exactly_once),
        cmocka_unit_test(test_keys_that_bandwidth_needs_are_required_only_if_it_is_used),
        cmocka_unit_test(test_one_application_of_bandwidth_is_enough),
        cmocka_unit_test(test_an_unused_section_is_checked_only_for_its_form),
        cmocka_unit_test(test_each_default_passes_its_own_check),
        cmocka_unit_test(test_a_message_fits_one_sms),
        cmocka_unit_test(test_a_secret_file_holds_one_secret),
        cmocka_unit_test(test_a_quoted_token_in_a_file_is_refused),
        cmocka_unit_test(test_a_secret_in_a_file_has_the_usual_length_limits),
        cmocka_unit_test(test_a_named_file_is_checked_like_the_configuration),
        cmocka_unit_test(test_a_secret_file_must_be_unreadable_to_others_and_a_ca_file_need_not),
        cmocka_unit_test(test_a_configuration_that_others_can_write_or_read_is_refused),
        cmocka_unit_test(test_a_configuration_not_owned_by_root_is_refused),
        cmocka_unit_test(test_a_file_that_is_not_regular_is_refused_without_waiting),
        cmocka_unit_test(test_a_file_that_is_too_large_is_refused),
        cmocka_unit_test(test_without_a_path_the_built_in_one_is_read),
        cmocka_unit_test(test_every_problem_is_reported),
        cmocka_unit_test(test_wrong_values_are_replaced_by_defaults),
        cmocka_unit_test(test_an_unreadable_configuration_is_reported_as_such),
        cmocka_unit_test(test_each_key_is_listed_once),
        cmocka_unit_test(test_no_section_has_more_keys_than_there_is_room_for),
        cmocka_unit_test(test_the_installed_example_loads_with_the_defaults),
        cmocka_unit_test(test_the_installed_example_shows_each_key_with_its_default),
        cmocka_unit_test(test_the_manual_explains_each_key_with_its_default),
    };
    alarm(300); /* what hangs on a FIFO is killed */
    return cmocka_run_group_tests_name("config", tests, unit_make_folder, unit_remove_folder);
}
