/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * readiness_sshd: checks that sshd and the module would work together: sshd's general settings,
 * those of each Match block, those of each sshd that runs, and which accounts get in with them. See
 * readiness.h.
 */
#include <config.h>

#include "ctl/setup/readiness.h"

#include "base/location.h"
#include "ctl/doctor/host_lint.h"
#include "ctl/host/listener.h"
#include "ctl/host/sshd_config.h"
#include "ctl/setup/sshd_dropin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNTS_ASKED 200 /* with Match blocks, sshd is asked about each account */
#define TEXT_SIZE      4096

/* The questions to sshd, and the results. */
struct look {
    const struct readiness *readiness;
    const struct sshd_question *before;  /* sshd's current configuration, ... */
    const struct sshd_question *after;   /* ..., the planned one, ... */
    const struct sshd_question *without; /* ... and the current one without SSHCONF_PATH */
    struct sshd now, then, own;          /* sshd's general answers */
    bool blocks; /* there are Match blocks: sshd is asked about each account */
    bool proofs; /* Match blocks set which keys and passwords sshd accepts */
    bool by_key; /* an account gets in with a key alone now */
    struct names unmapped, key_only, without_key, opened;
    char mapped[TEXT_SIZE]; /* why mapped accounts do not get in: "alice: ..., bob: ..." */
    bool usable;            /* a mapped account gets in */
};

/* ---- sshd's settings ---- */

/* Returns what is wrong with sshd's settings if the stack asks for a code, or NULL. */
static const char *find_hole(const struct ssh_view *view, bool publickey)
{
    if (view->password)
        return "sshd's password method cannot prompt for a code: it would send one for each "
               "password and then deny the login";
    if (publickey && view->runs_pam && !view->key_first)
        return "sshd would require no key, and the code alone would let users in";
    return NULL;
}

/* Since OpenSSH 10.0, PAMServiceName can name another stack than that of "sshd". */
static bool check_service(const struct sshd *sshd, const char *where, struct problem *problem)
{
    char name[256];
    (void)sshd_value(sshd, "pamservicename", name, sizeof(name));
    return *name == '\0' || strcmp(name, "sshd") == 0 ||
           problem_set(problem,
                       "%s: PAMServiceName is %s: logins use the stack of that service, not "
                       "/etc/pam.d/sshd; remove that line, or add the module to that stack by "
                       "hand, see pam_swmfa(8), EXAMPLES",
                       where, name);
}

/*
 * If all logins need a key now, password and code must not become a way in: until the stack
 * changes, the password alone would be enough. question: for which connection; then: the planned
 * settings.
 */
static bool opens_password(const struct look *look, const struct sshd_question *question,
                           const struct ssh_view *then)
{
    static const struct sshd_plan absent = {.path = SSHCONF_PATH};
    struct sshd_question without = *question;
    struct sshd own;
    struct ssh_view view;
    struct problem ignored = {0};
    if (look->readiness->publickey || !then->runs_pam || then->key_first)
        return false;
    without.plan = &absent;
    bool known = sshd_ask(&own, &without, &ignored);
    lint_sshd_view(&own, &view);
    sshd_free(&own);
    return !known || view.needs_key;
}

#define OPENS                                                                                      \
    "sshd lets nobody in without a key%s now, and would then accept a password. For key and "      \
    "code: swmfactl enable sshd --publickey. "

static bool check_keys_alone(const struct look *look, struct problem *problem)
{
    struct ssh_view then;
    lint_sshd_view(&look->then, &then);
    return !opens_password(look, look->before, &then) ||
           problem_set(problem,
                       OPENS "For password and code, first let sshd accept a password: "
                             "PasswordAuthentication yes, UsePAM yes, and no AuthenticationMethods",
                       "");
}

static bool check_settings(struct look *look, struct problem *problem)
{
    return sshd_ask(&look->now, look->before, problem) && sshd_check_plan(look->after, problem) &&
           sshd_ask(&look->then, look->after, problem) &&
           sshd_ask(&look->own, look->without, problem) &&
           check_service(&look->then, "sshd", problem) && check_keys_alone(look, problem);
}

/* ---- Match blocks ---- */

#define TOO_MANY_PAIRS                                                                             \
    "there are too many Match blocks: for some pairs that apply together, it is unknown what "     \
    "sshd would ask for"

static bool check_unknown(const struct look *look, const struct sshd_block *block,
                          struct problem *problem)
{
    if (!block->decides)
        return true;
    if (look->readiness->publickey)
        return problem_set(problem,
                           "%s: Match %s: it is unknown whether sshd would ask for a key here: %s",
                           block->where, block->criteria, block->why.text);
    readiness_warn("%s: Match %s: it is unknown what sshd would ask for here: %s", block->where,
                   block->criteria, block->why.text);
    return true;
}

/* True if one block of a pair alone has the effect that would be reported for both. */
static bool is_said(const struct sshd_block *pair, bool key_alone)
{
    bool said = false;
    for (size_t i = 0; i < 2 && pair->parts[i] != NULL; i++) {
        struct ssh_view view;
        lint_sshd_view(&pair->parts[i]->answer, &view);
        said = said || (key_alone ? view.key_alone : !view.runs_pam && !view.key_alone);
    }
    return said;
}

/* block: a block or a pair of blocks. */
static bool check_block(const struct look *look, const struct sshd_question *question,
                        const struct sshd_block *block, struct problem *problem)
{
    struct ssh_view view;
    struct sshd_question mine = *question;
    mine.connection = &block->connection;
    if (!block->known)
        return check_unknown(look, block, problem);
    if (!check_service(&block->answer, block->where, problem))
        return false;
    lint_sshd_view(&block->answer, &view);
    const char *hole = find_hole(&view, look->readiness->publickey);
    if (hole != NULL)
        return problem_set(
            problem,
            "%s: Match %s: %s; change AuthenticationMethods or PasswordAuthentication there",
            block->where, block->criteria, hole);
    if (opens_password(look, &mine, &view))
        return problem_set(problem,
                           "%s: Match %s: " OPENS
                           "For a key without a code, set AuthenticationMethods publickey there",
                           block->where, block->criteria, " here");
    if (!block->decides || is_said(block, view.key_alone))
        return true;
    if (view.key_alone)
        readiness_warn("%s: Match %s: sshd lets these users in with a key alone, without a code",
                       block->where, block->criteria);
    else if (!view.runs_pam)
        readiness_warn("%s: Match %s: sshd cannot ask these users for a code: they are locked out",
                       block->where, block->criteria);
    return true;
}

/* Checks connections to which two blocks apply. */
static bool check_pairs(const struct look *look, const struct sshd_question *question,
                        const struct sshd_blocks *blocks, struct problem *problem)
{
    struct sshd_blocks pairs;
    bool good = sshd_ask_pairs(&pairs, blocks, question, problem);
    for (size_t i = 0; good && i < pairs.count; i++)
        good = check_block(look, question, &pairs.at[i], problem);
    if (good && pairs.left > 0 && look->readiness->publickey)
        good = problem_set(problem, TOO_MANY_PAIRS);
    else if (good && pairs.left > 0)
        readiness_warn(TOO_MANY_PAIRS);
    sshd_free_blocks(&pairs);
    return good;
}

/* True if a block sets which proofs an account can log in with: see account_has_proof. */
static bool sets_proofs(const struct look *look, const struct sshd_block *block)
{
    static const char *const keywords[] = {"pubkeyauthentication", "authorizedkeysfile",
                                           "authorizedkeyscommand", "trustedusercakeys",
                                           "permitemptypasswords"};
    char all[TEXT_SIZE];
    char here[TEXT_SIZE];
    bool sets = !block->known;
    for (size_t i = 0; !sets && i < sizeof(keywords) / sizeof(keywords[0]); i++)
        sets = strcmp(sshd_value(&look->then, keywords[i], all, sizeof(all)),
                      sshd_value(&block->answer, keywords[i], here, sizeof(here))) != 0;
    return sets;
}

/* question: for an sshd that has these blocks. */
static bool check_blocks(struct look *look, const struct sshd_question *question,
                         struct problem *problem)
{
    struct sshd_blocks blocks;
    bool good = sshd_ask_blocks(&blocks, question, NULL, problem);
    for (size_t i = 0; good && i < blocks.count; i++)
        if (*blocks.at[i].where != '\0') {
            good = check_block(look, question, &blocks.at[i], problem);
            look->proofs = look->proofs || sets_proofs(look, &blocks.at[i]);
        }
    good = good && check_pairs(look, question, &blocks, problem);
    look->blocks = look->blocks || blocks.count > 0;
    sshd_free_blocks(&blocks);
    return good;
}

/* ---- every sshd that runs ---- */

/* Checks an sshd that was started with these options, as it may read another file. */
static bool check_options(const struct look *look, const struct sshd_question *question,
                          struct ssh_view *view, struct problem *problem)
{
    struct sshd sshd;
    const char *hole = NULL;
    bool asked = sshd_ask(&sshd, question, problem);
    if (asked) {
        lint_sshd_view(&sshd, view);
        hole = find_hole(view, look->readiness->publickey);
        if (hole == NULL && !view->runs_pam && !view->key_alone)
            hole = "it could not ask for a code, and nobody could log in";
        else if (hole == NULL && opens_password(look, question, view))
            hole = "it lets nobody in without a key now, and would then accept a password";
    }
    bool good = asked && hole == NULL && check_service(&sshd, "its options", problem);
    sshd_free(&sshd);
    return good || (hole != NULL && problem_set(problem, "%s", hole));
}

static bool check_listener(struct look *look, const struct listener *listener,
                           struct problem *problem)
{
    struct problem why = {.text = "its options are unknown"};
    struct ssh_view view = {0};
    const char **options = listener->options_known ? listener_options(listener) : NULL;
    const struct sshd_question question = {.plan = look->after->plan, .options = options};
    bool good = options != NULL && check_options(look, &question, &view, &why);
    if (!good)
        problem_set(problem,
                    "sshd (process %d) runs with options of its own: %s; stop it, or start it "
                    "without -f and -o",
                    (int)listener->pid, why.text);
    if (good && view.key_alone)
        readiness_warn("sshd (process %d) runs with options of its own, and lets users in with a "
                       "key alone, without a code",
                       (int)listener->pid);
    good = good && check_blocks(look, &question, problem);
    free(options);
    return good;
}

/* Another program may read another configuration file. */
static bool check_program(const struct listener *listener, struct problem *problem)
{
    return listener_runs(listener, sshd_program()) ||
           problem_set(problem,
                       "sshd (process %d) runs %s, not %s: its configuration is unknown; stop it",
                       (int)listener->pid, listener->program, sshd_program());
}

static bool check_listeners(struct look *look, struct problem *problem)
{
    struct listeners listeners;
    bool good = listeners_find(&listeners, problem);
    for (size_t i = 0; good && i < listeners.count; i++)
        good = check_program(&listeners.at[i], problem) &&
               ((listeners.at[i].options_known && !listeners.at[i].own_options) ||
                check_listener(look, &listeners.at[i], problem));
    if (good && listeners.count == 0 && listeners_serve())
        readiness_warn("no sshd listens, but one serves a connection: if inetd or systemd starts "
                       "it with -f or -o, it is unknown what it would ask for");
    listeners_free(&listeners);
    return good;
}

/* ---- accounts ---- */

/*
 * Returns sshd's answer for one user. If there are Match blocks, it is for a connection to which
 * only those for the user apply. The result is own, which is to be freed, or the general answer;
 * NULL: sshd gives none.
 */
static const struct sshd *ask_for(const struct look *look, const struct sshd_question *question,
                                  const char *name, struct sshd *own)
{
    struct sshd_connection connection = {0};
    struct sshd_question mine = *question;
    struct problem ignored = {0};
    if (!look->blocks)
        return question == look->before  ? &look->now
               : question == look->after ? &look->then
                                         : &look->own;
    (void)snprintf(connection.user, sizeof(connection.user), "%s", name);
    mine.connection = &connection;
    if (!sshd_complete(&connection, question, &ignored) || !sshd_ask(own, &mine, &ignored))
        return NULL;
    return own;
}

/* How an account gets in, or why it does not. */
struct way_in {
    const char *why;  /* NULL: it gets in */
    bool by_key;      /* with a key alone */
    bool no_password; /* it has no password, and needs one */
    bool no_key;      /* the same for a key */
};

/* password: the stack asks for one. */
static struct way_in find_way(const struct host_account *account, const struct sshd *sshd,
                              bool password, bool password_method)
{
    struct ssh_view view;
    enum known keys = account_keys(account, sshd);
    struct way_in way = {.why = account_refused(account, sshd)};
    lint_sshd_view(sshd, &view);
    if (way.why != NULL)
        return way;
    way.by_key = view.key_alone && keys != KNOWN_NO;
    if (way.by_key)
        return way;
    way.no_key = (view.key_first || view.needs_key) && keys == KNOWN_NO;
    bool empty = account->empty && sshd_says(sshd, "permitemptypasswords", "yes");
    way.no_password = password && account->password == KNOWN_NO && !empty;
    if (!view.runs_pam && !(password_method && (view.password || view.own_password)))
        way.why = "sshd cannot ask it for a code";
    else if (account_needs_key(account, sshd))
        way.why = "PermitRootLogin is not yes, and sshd would reject root after sending the code";
    else if (way.no_key)
        way.why = "it has no SSH key";
    else if (way.no_password)
        way.why = "it has no password";
    return way;
}

/* The same once the service asks for a code. */
static struct way_in find_way_after(const struct look *look, const struct host_account *account,
                                    const struct sshd *sshd)
{
    const struct readiness *readiness = look->readiness;
    struct way_in way = find_way(account, sshd, !readiness->publickey, false);
    if (way.why != NULL || way.by_key)
        return way;
    switch (account_code(account->name, "sshd", readiness->config)) {
    case ACCOUNT_CODE:
    case ACCOUNT_PASSES:
        break;
    case ACCOUNT_KEY_LINES:
        if (!readiness->publickey)
            way.why = "its lines in the users map are for SSH keys only";
        break;
    default:
        way.why = "it has no usable line in the users map";
        break;
    }
    return way;
}

/* Returns the place in sshd's files that causes a reason: " (FILE:LINE)", or "" if no line does or
 * a Match block may. */
static const char *find_place(const struct look *look, const char *why,
                              char place[LOCATION_SIZE + 4])
{
    static const char *const keywords[] = {"PermitRootLogin", "AllowUsers", "DenyUsers",
                                           "AllowGroups", "DenyGroups"};
    char where[LOCATION_SIZE];
    place[0] = '\0';
    for (size_t i = 0; !look->blocks && i < sizeof(keywords) / sizeof(keywords[0]); i++)
        if (strncmp(why, keywords[i], strlen(keywords[i])) == 0 &&
            strcmp(sshd_find(keywords[i], where, sizeof(where)), SSHD_CONFIG) != 0 &&
            strncmp(where, SSHCONF_PATH, strlen(SSHCONF_PATH)) != 0) /* to be rewritten */
            (void)snprintf(place, LOCATION_SIZE + 4, " (%s)", where);
    return place;
}

/* Reports an account that gets in now and would not get in after the change. */
static void take_shut_out(struct look *look, const struct host_account *account,
                          const struct way_in *after)
{
    char place[LOCATION_SIZE + 4];
    enum account_code code = account_code(account->name, "sshd", look->readiness->config);
    if (after->no_password)
        names_add(&look->key_only, account->name);
    else if (after->no_key)
        names_add(&look->without_key, account->name);
    else if (code == ACCOUNT_UNMAPPED || code == ACCOUNT_BAD_LINE)
        names_add(&look->unmapped, account->name);
    else
        readiness_warn("%s can no longer log in by sshd: %s%s", account->name, after->why,
                       find_place(look, after->why, place));
}

/* True if the module lets some logins of every account pass: from an exempt network, by a
 * remembered login, or while no code can be sent. */
static bool passes_some(const struct config *config)
{
    const struct policy *policy = &config->policy;
    bool holds = policy->services == NULL || key_list_has(policy->services, "sshd");
    return config->fail == FAIL_SAFE ||
           (holds && (policy->remember > 0 || policy->exempt_networks != NULL));
}

/*
 * True if an account would need less than without SSHCONF_PATH: an account that needs key and
 * password would not be asked for the password, and with PAM a locked account gets in with its key.
 */
static bool is_opened(const struct look *look, const struct host_account *account,
                      const struct sshd *sshd)
{
    struct ssh_view view;
    struct way_in way = find_way(account, sshd, !look->readiness->from_key, true);
    lint_sshd_view(sshd, &view);
    return way.why != NULL ||
           (look->readiness->publickey && !look->readiness->from_key && !view.one_key &&
            (passes_some(look->readiness->config) ||
             account_code(account->name, "sshd", look->readiness->config) == ACCOUNT_PASSES));
}

/* The account has nothing to log in with, now or then: sshd need not be asked about it. With a
 * stack of the module alone, a code could be enough. */
static bool has_nothing(const struct look *look, const struct host_account *account)
{
    return !look->proofs && !look->readiness->from_key && !account_has_proof(account, &look->now);
}

static void look_at(struct look *look, const struct host_account *account)
{
    struct sshd own = {0};
    struct sshd now = {0};
    struct sshd then = {0};
    const struct sshd *before = ask_for(look, look->before, account->name, &now);
    const struct sshd *after = ask_for(look, look->after, account->name, &then);
    const struct sshd *without = ask_for(look, look->without, account->name, &own);
    if (before == NULL || after == NULL || without == NULL) {
        readiness_warn("it is unknown whether %s can log in by sshd: sshd does not say",
                       account->name);
    } else {
        struct way_in was = find_way(account, before, !look->readiness->from_key, true);
        struct way_in is = find_way_after(look, account, after);
        look->by_key = look->by_key || (was.why == NULL && was.by_key);
        if (was.why == NULL && is.why != NULL)
            take_shut_out(look, account, &is);
        if (is.why == NULL && is_opened(look, account, without))
            names_add(&look->opened, account->name);
    }
    sshd_free(&own);
    sshd_free(&now);
    sshd_free(&then);
}

/* Checks a mapped account. The search ends at the first one that gets in. */
static bool take_mapped(const struct host_account *account, void *context)
{
    struct look *look = context;
    struct sshd then = {0};
    char place[LOCATION_SIZE + 4];
    size_t used = strlen(look->mapped);
    const struct sshd *after = ask_for(look, look->after, account->name, &then);
    struct way_in way = {.why = "sshd does not say whether it lets the account in"};
    if (!account->shell)
        way.why = "it has no login shell"; /* SFTP alone is not enough to administer */
    else if (after != NULL)
        way = find_way_after(look, account, after);
    look->usable = way.why == NULL;
    if (!look->usable && used < 300)
        (void)snprintf(look->mapped + used, sizeof(look->mapped) - used, "%s%.40s: %s%.200s",
                       used > 0 ? "; " : "", account->name, way.why,
                       find_place(look, way.why, place));
    sshd_free(&then);
    return !look->usable;
}

static bool check_mapped(struct look *look, struct problem *problem)
{
    look->usable = look->readiness->config->unmapped == UNMAPPED_IGNORE;
    if (!look->usable && !readiness_each_mapped(look->readiness, take_mapped, look, problem))
        return false;
    return look->usable ||
           problem_set(problem, "%s: nobody in the map could log in by sshd: %s",
                       look->readiness->config->users,
                       *look->mapped != '\0' ? look->mapped
                                             : "no user in it has an account on this host");
}

/* If sshd rejects a mapped root, each attempt costs a message. */
static void warn_about_root(const struct look *look)
{
    char where[LOCATION_SIZE];
    if (!sshd_says(&look->then, "permitrootlogin", "yes") &&
        !sshd_says(&look->then, "permitrootlogin", "no") &&
        account_code("root", "sshd", look->readiness->config) == ACCOUNT_CODE)
        readiness_warn("sshd sends the code but rejects root anyway, until %s has "
                       "\"PermitRootLogin yes\" (%s)",
                       sshd_find("PermitRootLogin", where, sizeof(where)),
                       look->readiness->publickey ? "the key is still required"
                                                  : "or no, if root should not log in");
}

static bool check_key_only(struct look *look, struct problem *problem)
{
    const char *names = NULL;
    if (look->key_only.count == 0)
        return true;
    names = names_show(&look->key_only);
    if (look->readiness->force) {
        readiness_warn(
            "these accounts have an SSH key and no password, and can no longer log in by "
            "sshd: %s",
            names);
        return true;
    }
    return problem_set(
        problem,
        "these accounts have an SSH key and no password, and could no longer log in by sshd: %s. "
        "For key and code: swmfactl enable sshd --publickey; to lock them out, add --force",
        names);
}

static bool check_opened(struct look *look, struct problem *problem)
{
    return look->opened.count == 0 ||
           problem_set(problem,
                       "these accounts could log in by sshd with less than they need now: %s. "
                       "First set sshd to ask for no more than a key (UsePAM yes, and no "
                       "AuthenticationMethods), remove their keys, or require a code for each of "
                       "their logins (in swmfa.conf: exemptions, remember, fail = safe)",
                       names_show(&look->opened));
}

static bool check_accounts(struct look *look, struct problem *problem)
{
    struct host_account account;
    const char *users = look->readiness->config->users;
    struct readiness_walk walk = {.most = look->blocks ? ACCOUNTS_ASKED : READINESS_LOOKED_UP,
                                  .sshd = &look->now,
                                  .all = look->proofs};
    while (readiness_next_account(&walk, &account))
        if (!has_nothing(look, &account))
            look_at(look, &account);
    if (look->unmapped.count > 0)
        readiness_warn("sshd will deny these accounts, which have no usable line in the users map, "
                       "%s: %s",
                       users, names_show(&look->unmapped));
    if (look->without_key.count > 0)
        readiness_warn("these accounts have no SSH key, and can no longer log in by sshd: %s",
                       names_show(&look->without_key));
    warn_about_root(look);
    return check_opened(look, problem) && check_key_only(look, problem) &&
           check_mapped(look, problem);
}

bool readiness_check_sshd(const struct readiness *readiness, struct problem *problem)
{
    const struct sshd_plan plan = {.path = SSHCONF_PATH, .text = readiness->sshd_text};
    const struct sshd_plan absent = {.path = SSHCONF_PATH};
    const struct sshd_question before = {0};
    const struct sshd_question after = {.plan = &plan};
    const struct sshd_question without = {.plan = &absent};
    struct look look = {.readiness = readiness,
                        .before = &before,
                        .after = &after,
                        .without = &without};
    bool good = check_settings(&look, problem) && check_blocks(&look, &after, problem) &&
                check_listeners(&look, problem) && check_accounts(&look, problem);
    if (good && look.by_key && !readiness->publickey)
        (void)printf("Keys will no longer log in: sshd will ask for the password and a "
                     "code. For key and code:\n    swmfactl enable sshd --publickey\n");
    sshd_free(&look.now);
    sshd_free(&look.then);
    sshd_free(&look.own);
    return good;
}

bool readiness_read_sshd(const struct readiness *readiness, bool *key_enough, bool *root_by_key,
                         struct problem *problem)
{
    const struct sshd_plan absent = {.path = SSHCONF_PATH};
    const struct sshd_question question = {.plan = &absent};
    struct sshd sshd;
    struct ssh_view view;
    enum account_code code = account_code("root", "sshd", readiness->config);
    bool known = sshd_ask(&sshd, &question, problem);
    lint_sshd_view(&sshd, &view);
    /* Without PAM, sshd refuses the keys of locked accounts; with PAM it accepts them. */
    *key_enough = known && view.one_key && sshd_says(&sshd, "usepam", "yes");
    *root_by_key = known && (code == ACCOUNT_CODE || code == ACCOUNT_KEY_LINES) &&
                   (sshd_says(&sshd, "permitrootlogin", "without-password") ||
                    sshd_says(&sshd, "permitrootlogin", "prohibit-password"));
    sshd_free(&sshd);
    return known;
}
