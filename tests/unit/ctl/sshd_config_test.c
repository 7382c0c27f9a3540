/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of ctl/host/sshd_files, the files of sshd and their copy for a plan, of
 * ctl/host/sshd_match, connections that meet the criteria of Match lines, and of
 * ctl/host/sshd_config with the real sshd: that it sees the same in the copy as in the files.
 */
#include "../unit.h"

#include "ctl/host/sshd_config.h"

#include <spawn.h>
#include <sys/wait.h>

/* ---- files ---- */

static int clear(void **state)
{
    (void)state;
    return unit_remove_folder(NULL) == 0 && mkdir(unit_folder(), 0700) == 0 ? 0 : -1;
}

static const char *config(void)
{
    return unit_format("%s/config", unit_folder());
}

/* "NAME:LINE KEYWORD|REST[ <NAME:LINE of its Match]" for each line. */
static const char *dump(const struct sshd_plan *plan)
{
    static char text[8192];
    struct sshd_files files;
    struct problem problem = {0};
    size_t used = 0;
    text[0] = '\0';
    if (!sshdfiles_read(&files, config(), plan, &problem))
        (void)snprintf(text, sizeof(text), "! %s", strstr(problem.text, ": ") + 2);
    for (size_t i = 0; problem.text[0] == '\0' && i < files.count; i++) {
        const struct sshd_line *line = &files.lines[i];
        const struct sshd_line *block =
            line->block != SSHD_NO_BLOCK ? &files.lines[line->block] : NULL;
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s:%u %s|%s",
                                 strrchr(line->file, '/') + 1, line->number, line->keyword,
                                 strcasecmp(line->keyword, "Include") == 0 ? "" : line->rest);
        if (block != NULL)
            used += (size_t)snprintf(text + used, sizeof(text) - used, " <%s:%u",
                                     strrchr(block->file, '/') + 1, block->number);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "\n");
    }
    sshdfiles_free(&files);
    return text;
}

/* Dumps the copy in the same form, with its Include lines followed. */
static const struct {
    const char *name;
    const char *files;
    const char *planned; /* NULL: no plan */
    const char *expected;
} readings[] = {
    {"in the order of the names, comments aside",
     "== config\n# one\n\n  Port 22\nInclude @/d.*\nUsePAM yes\n== d.b\nMaxSessions 2\n== "
     "d.a\nMaxSessions 1\n",
     NULL,
     "config:3 Port|22\nconfig:4 Include|\nd.a:1 MaxSessions|1\nd.b:1 MaxSessions|2\n"
     "config:5 UsePAM|yes\n"},
    {"a planned file comes where its name sorts",
     "== config\nInclude @/d.*\n== d.0\nMaxSessions 1\n== d.z\nMaxSessions 2\n", "MaxSessions 3\n",
     "config:1 Include|\nd.0:1 MaxSessions|1\nd.plan:1 MaxSessions|3\nd.z:1 MaxSessions|2\n"},
    {"a planned file stands for the one that is there",
     "== config\nInclude @/d.*\n== d.plan\nMaxSessions 1\n", "MaxSessions 3\n",
     "config:1 Include|\nd.plan:1 MaxSessions|3\n"},
    {"a file that is to be absent is", "== config\nInclude @/d.*\n== d.plan\nMaxSessions 1\n", "",
     "config:1 Include|\n"},
    {"a planned file that no pattern matches is not read", "== config\nInclude @/e.*\nUsePAM yes\n",
     "MaxSessions 3\n", "config:1 Include|\nconfig:2 UsePAM|yes\n"},
    {"however its folder is spelled",
     "== config\nInclude @/./d.* @/x/../d.plan\n== d.plan\nBanner a\n", "MaxSessions 3\n",
     "config:1 Include|\nd.plan:1 MaxSessions|3\n"},
    {"several patterns, quotes, an equals sign, a comment",
     "== config\nInclude=\"@/with space\"  '@/d.a' # @/d.b\n== with space\nMaxSessions 1\n"
     "== d.a\nMaxSessions=2\n== d.b\nMaxSessions 3\n",
     NULL, "config:1 Include|\nwith space:1 MaxSessions|1\nd.a:1 MaxSessions|2\n"},
    {"a block ends with its file, and holds what it includes",
     "== config\nInclude @/d.a\nMaxSessions 1\nMatch User bob\nInclude @/d.b\nBanner none\n"
     "== d.a\nMatch User al\nBanner a\n== d.b\nBanner b\nMatch Address 10.0.0.0/8\nBanner c\n",
     NULL,
     "config:1 Include|\nd.a:1 Match|User al\nd.a:2 Banner|a <d.a:1\nconfig:2 MaxSessions|1\n"
     "config:3 Match|User bob\nconfig:4 Include| <config:3\nd.b:1 Banner|b <config:3\n"
     "d.b:2 Match|Address 10.0.0.0/8 <config:3\nd.b:3 Banner|c <d.b:2\n"
     "config:5 Banner|none <config:3\n"},
    {"files that include themselves", "== config\nInclude @/config @/config\n", NULL,
     "! its Include lines are nested too deeply"},
};

static void test_files_are_read_as_sshd_reads_them(void **state)
{
    for (size_t i = 0; i < COUNT(readings); i++) {
        char *path = unit_path("d.plan");
        const char *text = readings[i].planned;
        struct sshd_plan plan = {.path = path, .text = text != NULL && *text != '\0' ? text : NULL};
        assert_int_equal(clear(state), 0);
        unit_write_files(readings[i].files);
        unit_same_text(readings[i].name, dump(text != NULL ? &plan : NULL), readings[i].expected);
        free(path);
    }
}

static void test_a_copy_keeps_lines_and_names_the_copied_files(void **state)
{
    struct sshd_mirror mirror;
    struct problem problem = {0};
    char real[512];
    char *path = unit_path("d.plan");
    struct sshd_plan plan = {.path = path, .text = "MaxSessions 3\n"};
    assert_int_equal(clear(state), 0);
    unit_write_files("== config\n# one\nInclude @/d.* @/none # all\n\nUsePAM yes\nInclude \"\n"
                     "== d.a\nInclude @/nothing*\n");
    assert_true(sshdmirror_make(&mirror, config(), &plan, &problem));
    char *copy = unit_read(mirror.config);
    unit_same_text("the first file", copy,
                   unit_format("# one\nInclude %s/1 %s/2\n\nUsePAM yes\nInclude \"\n",
                               mirror.folder, mirror.folder));
    free(copy);
    copy = unit_read(unit_format("%s/1", mirror.folder));
    unit_same_text("nothing matches", copy, unit_format("Include %s/none\n", mirror.folder));
    free(copy);
    copy = unit_read(unit_format("%s/2", mirror.folder));
    unit_same_text("the plan", copy, "MaxSessions 3\n");
    free(copy);
    struct stat status;
    assert_int_equal(stat(mirror.folder, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    unit_same_text("an error of sshd's",
                   sshdmirror_real(&mirror, unit_format("%s/2: line 3: Bad", mirror.folder), real,
                                   sizeof(real)),
                   unit_format("%s:3: Bad", path));
    unit_same_text("another one",
                   sshdmirror_real(&mirror, unit_format("%s/0 line 12: no", mirror.folder), real,
                                   sizeof(real)),
                   unit_format("%s:12: no", config()));
    char *folder = strdup(mirror.folder);
    sshdmirror_remove(&mirror);
    assert_int_not_equal(access(folder, F_OK), 0);
    free(folder);
    free(path);
}

/* ---- criteria ---- */

static const char *const port_22[] = {"22", NULL};

static const char *show(enum sshd_match match, const struct sshd_connection *connection,
                        const struct problem *problem)
{
    if (match == SSHD_MATCH_NEVER)
        return "never";
    if (match == SSHD_MATCH_UNKNOWN)
        return problem->text;
    return unit_format("%s %s %s %s %s %s", connection->user, connection->host, connection->address,
                       connection->local_address, connection->local_port, connection->rdomain);
}

/* With only one block; root is the only account that all systems have. */
static const struct {
    const char *line;
    const char *user;
    const char *expected; /* "U": any user */
} builds[] = {
    {"User bob", NULL, "bob 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
    {"user=bob", NULL, "bob 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
    {"User \"!bob,bob,al\"", NULL, "al 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
    {"User !bob", NULL, "never"},
    {"User zz-?-*", NULL, "zz-1-1 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
    {"User bob Address 10.0.0.0/8", NULL, "bob 10.0.0.1 10.0.0.1 192.0.2.2 22 "},
    {"User bob Address 10.0.0.0/8,!10.0.0.0/9", NULL,
     "bob 10.255.255.254 10.255.255.254 192.0.2.2 22 "},
    {"User bob Address *,!192.0.2.0/24", NULL, "bob 192.0.1.255 192.0.1.255 192.0.2.2 22 "},
    {"User bob Address 10.1.2.*", NULL, "bob 10.1.2.1 10.1.2.1 192.0.2.2 22 "},
    {"User bob Address 2001:db8:1::/48", NULL, "bob 2001:db8:1::1 2001:db8:1::1 192.0.2.2 22 "},
    {"User bob Host *.Example.com", NULL, "bob 1.example.com 192.0.2.1 192.0.2.2 22 "},
    {"User bob LocalPort 2223", NULL, "bob 192.0.2.1 192.0.2.1 192.0.2.2 2223 "},
    {"User bob LocalAddress 10.9.0.1 RDomain vrf*", NULL,
     "bob 192.0.2.1 192.0.2.1 10.9.0.1 22 vrf1"},
    {"Group root User root", NULL, "root 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
    {"Group root", "root", "root 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
    {"Group zz-nobody-has-it", NULL, "no account of this system meets its User and Group criteria"},
    {"Group zz-nobody-has-it", "root", "never"},
    {"User bob", "al", "never"},
    {"Address 10.0.0.0/8", "al", "al 10.0.0.1 10.0.0.1 192.0.2.2 22 "},
    {"All", "al", "al 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
    {"Invalid-User", NULL, "never"},
    {"Version OpenSSH_10.*", "al", "al 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
    {"Version OpenSSH_9.*", "al", "never"},
    {"Weather fine", "al", "swmfactl does not know the criterion \"Weather\""},
    {"User \"open", "al", "swmfactl does not know the criterion \"User \"open\""},
};

static void test_a_match_line_selects_its_connections(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(builds); i++) {
        struct sshd_criteria criteria = {0};
        struct sshd_setting setting = {&criteria, 1, port_22, "OpenSSH_10.0p2 Debian-7"};
        struct sshd_connection connection;
        struct problem problem = {0};
        assert_true(sshdmatch_add(&criteria, builds[i].line));
        enum sshd_match match =
            sshdmatch_build(&criteria, &setting, builds[i].user, &connection, &problem);
        unit_same_text(builds[i].line, show(match, &connection, &problem), builds[i].expected);
        sshdmatch_free(&criteria);
    }
}

static void test_free_criteria_match_no_other_block(void **state)
{
    static const char *const ports[] = {"22", "2223", NULL};
    static const char *const lines[] = {"Address 192.0.2.0/24", "LocalPort 22", "User root", "All"};
    struct sshd_criteria criteria[COUNT(lines)] = {0};
    struct sshd_setting setting = {criteria, COUNT(lines), ports, NULL};
    struct sshd_connection connection;
    struct problem problem = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_true(sshdmatch_add(&criteria[i], lines[i]));
    unit_same_text("a user's",
                   show(sshdmatch_build(NULL, &setting, "al", &connection, &problem), &connection,
                        &problem),
                   "al 198.51.100.1 198.51.100.1 192.0.2.2 2223 ");
    assert_int_equal(sshdmatch_build(NULL, &setting, NULL, &connection, &problem),
                     SSHD_MATCH_BUILT);
    unit_check("not root", strcmp(connection.user, "root") != 0, "another user");
    for (size_t i = 0; i < COUNT(lines); i++)
        sshdmatch_free(&criteria[i]);
}

/* ---- the real sshd ---- */

static const char *const plan_text = "UsePAM yes\nKbdInteractiveAuthentication yes\n"
                                     "PasswordAuthentication no\n"
                                     "AuthenticationMethods publickey,keyboard-interactive\n";

/* The lines around a planned file, @/d/00-plan.conf, and the verdict of sshd_check_plan: "" is
 * that the plan is in force. "== d/NAME" begins another file. */
static const struct {
    const char *name;
    const char *files;
    const char *expected;
} plans[] = {
    {"included first", "Include @/d/*.conf\nPasswordAuthentication yes\nUsePAM no\n", ""},
    {"among others",
     "Include @/d/*.conf\nPasswordAuthentication yes\n== d/50-other.conf\nUsePAM no\n", ""},
    {"a Match block after it",
     "Include @/d/*.conf\nMatch LocalPort 22\nPasswordAuthentication yes\n", ""},
    {"the same value before it is fine",
     "UsePAM yes # as Debian\nInclude @/d/*.conf\nPasswordAuthentication yes\n", ""},
    {"no Include line", "UsePAM yes\n",
     "@/config: no Include line reads @/d: add this as the first line: Include @/d/*.conf"},
    {"an Include line of other files", "Include @/d/*.local\nUsePAM yes\n",
     "@/config: no Include line reads @/d: add this as the first line: Include @/d/*.conf"},
    {"an Include line in a Match block", "UsePAM yes\nMatch User bob\nInclude @/d/*.conf\n",
     "@/config:4: this Include line is under \"Match User bob\" (line 3) and applies only to "
     "those logins: move it before the first Match line"},
    {"an Include line at the end", "KbdInteractiveAuthentication no\nInclude @/d/*.conf\n",
     "@/config:2: KbdInteractiveAuthentication no comes first, and sshd takes the first value: "
     "delete it or move it after the Include line"},
    {"by its old name", "\nChallengeResponseAuthentication no\nInclude @/d/*.conf\n",
     "@/config:3: ChallengeResponseAuthentication no comes first, and sshd takes the first value: "
     "delete it or move it after the Include line"},
    {"methods", "AuthenticationMethods publickey keyboard-interactive\nInclude @/d/*.conf\n",
     "@/config:2: AuthenticationMethods publickey keyboard-interactive comes first, and sshd takes "
     "the first value: delete it or move it after the Include line"},
    {"a file that sorts before it", "Include @/d/*.conf\n== d/00-a.conf\n\nUsePAM=no\n",
     "@/d/00-a.conf:2: UsePAM no comes first, and sshd takes the first value: delete it, or rename "
     "the file so that it sorts after 00-plan.conf"},
    {"no keys, where they are needed", "PubkeyAuthentication no\nInclude @/d/*.conf\n",
     "@/config:2: PubkeyAuthentication no: sshd accepts no keys, but AuthenticationMethods would "
     "require one: set PubkeyAuthentication yes"},
    {"what sshd refuses", "Include @/d/*.conf\n== d/90.conf\nUseLogin no\nNonsense yes\n",
     "@/d/90.conf:2: Bad configuration option: Nonsense"},
};

static const char *with_folder(const char *text)
{
    static char result[8192];
    size_t used = 0;
    for (; *text != '\0'; text++)
        used += (size_t)snprintf(result + used, sizeof(result) - used, "%s",
                                 *text == '@' ? unit_folder() : ((char[]){*text, '\0'}));
    return result;
}

/* True if sshd can be asked here: not before its first start, and not of keys of the host that are
 * not there. */
static bool can_ask(void)
{
    return geteuid() == 0 && access("/usr/sbin/sshd", X_OK) == 0 && access("/run/sshd", F_OK) == 0;
}

static void make_key(char *path)
{
    char *const argv[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, NULL};
    pid_t pid = 0;
    int status = -1;
    assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_a_plan_takes_effect_or_names_what_prevents_it(void **state)
{
    if (!can_ask()) {
        assert_null(getenv("SWMFA_ASK_SSHD")); /* test_sshd_config.py has one to ask */
        return;
    }
    char *path = unit_path("d/00-plan.conf");
    char *key = unit_path("key");
    char *first = unit_path("config");
    const char *const options[] = {"-h", key, "-f", first, NULL};
    for (size_t i = 0; i < COUNT(plans); i++) {
        struct sshd_plan plan = {.path = path, .text = plan_text};
        struct sshd_question question = {.plan = &plan, .options = options};
        struct problem problem = {0};
        assert_int_equal(clear(state), 0);
        assert_int_equal(mkdir(unit_format("%s/d", unit_folder()), 0755), 0);
        make_key(key);
        unit_write_files(unit_format("== config\nPort 22\n%s", plans[i].files));
        bool good = sshd_check_plan(&question, &problem);
        const char *said = strncmp(problem.text, "/usr/sbin/sshd -T: ", 19) == 0 ? problem.text + 19
                                                                                 : problem.text;
        unit_same_text(plans[i].name, said, with_folder(plans[i].expected));
        unit_check(plans[i].name, good == (plans[i].expected[0] == '\0'), "in force or not");
        assert_int_not_equal(access(path, F_OK), 0);
    }
    free(path);
    free(key);
    free(first);
}

/* An sshd with files of its own; its options. */
static const char *const *make_sshd(void **state, const char *files)
{
    static char key[PATH_MAX + 8];
    static char first[PATH_MAX + 8];
    static const char *const options[] = {"-De", "-q",  "-h", key, "-E/nowhere/log",
                                          "-f",  first, NULL};
    assert_int_equal(clear(state), 0);
    (void)snprintf(key, sizeof(key), "%s/key", unit_folder());
    (void)snprintf(first, sizeof(first), "%s/config", unit_folder());
    assert_int_equal(mkdir(unit_format("%s/d", unit_folder()), 0755), 0);
    make_key(key);
    unit_write_files(files);
    return options;
}

static const char two_ports[] =
    "== config\nPort 22\nPort 2223\nInclude @/d/*.conf @/none\nBanner @/one\n"
    "Match LocalPort 2223\nPasswordAuthentication yes\n"
    "Match User root Address 10.0.0.0/8\n Include \"@/more\"\n"
    "Match User nobody\nKbdInteractiveAuthentication no\n"
    "== more\nKbdInteractiveAuthentication no\nMaxSessions 3\n"
    "== d/10.conf\nMaxSessions 7\nPasswordAuthentication no\nMatch RDomain blue\nMaxSessions 1\n";

static void test_sshd_reads_the_copy_like_the_files(void **state)
{
    static const char text[] =
        "MaxSessions 7\nPasswordAuthentication no\nMatch RDomain blue\nMaxSessions 1\n";
    if (!can_ask())
        return;
    const struct sshd_connection connections[] = {
        {"root", "h", "192.0.2.1", "192.0.2.2", "22", "", ""},
        {"root", "h", "10.0.0.1", "192.0.2.2", "22", "", ""},
        {"root", "h", "10.0.0.1", "192.0.2.2", "2223", "blue", ""},
    };
    char *path = unit_path("d/10.conf");
    const struct sshd_plan plan = {path, text};
    const struct sshd_plan gone = {path, NULL};
    struct sshd_question question = {.options = make_sshd(state, two_ports)};
    struct problem problem = {0};
    for (size_t i = 0; i <= COUNT(connections); i++) {
        struct sshd real;
        struct sshd copy;
        question.connection = i > 0 ? &connections[i - 1] : NULL;
        question.plan = NULL;
        unit_check(problem.text, sshd_ask(&real, &question, &problem), "an answer");
        question.plan = &plan;
        unit_check(problem.text, sshd_ask(&copy, &question, &problem), "an answer");
        unit_same_text("the same text", copy.text, real.text);
        sshd_free(&copy);
        question.plan = &gone;
        unit_check(problem.text, sshd_ask(&copy, &question, &problem), "an answer");
        unit_check("without the file", strcmp(copy.text, real.text) != 0, "another answer");
        sshd_free(&copy);
        sshd_free(&real);
    }
    assert_int_equal(access(path, F_OK), 0);
    free(path);
}

static void test_options_of_sshd_override_its_files(void **state)
{
    if (!can_ask())
        return;
    const char *const *made = make_sshd(state, two_ports);
    const char *options[16] = {"-oPasswordAuthentication=yes", "-D", "-o", "MaxSessions 9"};
    for (size_t i = 0; made[i] != NULL; i++)
        options[4 + i] = made[i];
    const struct sshd_question question = {.options = options};
    struct sshd sshd;
    struct problem problem = {0};
    unit_check(problem.text, sshd_ask(&sshd, &question, &problem), "an answer");
    unit_check("-oX=Y", sshd_says(&sshd, "passwordauthentication", "yes"), "yes");
    unit_check("-o X Y", sshd_says(&sshd, "maxsessions", "9"), "9");
    sshd_free(&sshd);
}

static void test_sshd_is_queried_for_a_user_of_each_block(void **state)
{
    if (!can_ask())
        return;
    const struct sshd_question question = {.options = make_sshd(state, two_ports)};
    struct sshd_blocks blocks;
    struct problem problem = {0};
    char text[2048] = "";
    unit_check(problem.text, sshd_ask_blocks(&blocks, &question, "root", &problem), "answers");
    for (size_t i = 0; i < blocks.count; i++) {
        const struct sshd_block *block = &blocks.at[i];
        const char *place = strrchr(block->where, '/');
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof(text) - used, "%s %s:%s%s %s%s\n",
                       place != NULL ? place + 1 : "-", block->connection.address,
                       block->connection.local_port, block->decides ? " decides" : "",
                       sshd_says(&block->answer, "kbdinteractiveauthentication", "no") ? "no " : "",
                       sshd_says(&block->answer, "passwordauthentication", "yes") ? "password"
                                                                                  : "");
    }
    unit_same_text("root", text,
                   "- 192.0.2.1:22 \n"
                   "10.conf:3 192.0.2.1:22 \n"
                   "config:5 192.0.2.1:2223 decides password\n"
                   "config:7 10.0.0.1:22 decides no \n");
    sshd_free_blocks(&blocks);
}

static void test_sshd_is_queried_for_two_blocks_together(void **state)
{
    if (!can_ask())
        return;
    const struct sshd_question question = {.options = make_sshd(state, two_ports)};
    struct sshd_blocks blocks;
    struct sshd_blocks pairs;
    struct problem problem = {0};
    char text[2048] = "";
    unit_check(problem.text, sshd_ask_blocks(&blocks, &question, NULL, &problem), "answers");
    unit_check(problem.text, sshd_ask_pairs(&pairs, &blocks, &question, &problem), "answers");
    for (size_t i = 0; i < pairs.count; i++) {
        const struct sshd_block *pair = &pairs.at[i];
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof(text) - used, "%s %s %s:%s%s%s\n",
                       strrchr(pair->where, '/') + 1, pair->connection.user,
                       pair->connection.address, pair->connection.local_port,
                       sshd_says(&pair->answer, "kbdinteractiveauthentication", "no") ? " no" : "",
                       sshd_says(&pair->answer, "passwordauthentication", "yes") ? " password"
                                                                                 : "");
    }
    unit_same_text("pairs", text,
                   "config:5 root 10.0.0.1:2223 no password\n"
                   "config:5 nobody 192.0.2.1:2223 no password\n");
    sshd_free_blocks(&pairs);
    sshd_free_blocks(&blocks);
}

static void test_pairs_beyond_the_limit_are_counted(void **state)
{
    char text[4096] = "== config\nPort 22\n";
    const char *const *options = NULL;
    struct sshd_blocks blocks;
    struct sshd_blocks pairs;
    struct problem problem = {0};
    if (!can_ask())
        return;
    for (size_t i = 0; i < 13; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
                       "Match LocalPort %zu\nPasswordAuthentication no\n", 100 + i);
    options = make_sshd(state, text);
    const struct sshd_question question = {.options = options};
    unit_check(problem.text, sshd_ask_blocks(&blocks, &question, NULL, &problem), "answers");
    unit_check(problem.text, sshd_ask_pairs(&pairs, &blocks, &question, &problem), "answers");
    unit_same_number("pairs", (long long)pairs.count, 0);
    unit_same_number("left", (long long)pairs.left, 13 * 12 / 2 - SSHD_PAIRS_MAX);
    sshd_free_blocks(&pairs);
    sshd_free_blocks(&blocks);
}

static void test_a_plan_needs_its_folder(void **state)
{
    char *path = unit_path("d/00-plan.conf");
    char *first = unit_path("config");
    const char *const options[] = {"-f", first, NULL};
    struct sshd_plan plan = {.path = path, .text = plan_text};
    struct sshd_question question = {.plan = &plan, .options = options};
    struct problem problem = {0};
    assert_int_equal(clear(state), 0);
    unit_write_files("== config\nInclude @/d/*.conf\n");
    assert_false(sshd_check_plan(&question, &problem));
    unit_same_text("the folder", problem.text,
                   with_folder("@/d: no such folder: run mkdir -m 0755 @/d"));
    free(path);
    free(first);
}

static void test_a_queried_connection_matches_no_other_block(void **state)
{
    static const struct {
        const char *line;
        const char *expected;
    } cases[] = {
        {"User al,bob", "bob 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
        {"User bob Address 10.0.0.0/8", "bob 10.128.0.0 10.128.0.0 192.0.2.2 22 "},
        {"User al", "al 192.0.2.1 192.0.2.1 192.0.2.2 22 "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const lines[] = {"User al", "Address 10.0.0.0/9", "Address 10.192.0.0/10",
                                     cases[i].line};
        struct sshd_criteria criteria[COUNT(lines)] = {0};
        struct sshd_setting setting = {criteria, COUNT(lines), port_22, NULL};
        struct sshd_connection connection;
        struct problem problem = {0};
        for (size_t n = 0; n < COUNT(lines); n++)
            assert_true(sshdmatch_add(&criteria[n], lines[n]));
        enum sshd_match match =
            sshdmatch_build(&criteria[COUNT(lines) - 1], &setting, NULL, &connection, &problem);
        unit_same_text(cases[i].line, show(match, &connection, &problem), cases[i].expected);
        for (size_t n = 0; n < COUNT(lines); n++)
            sshdmatch_free(&criteria[n]);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_read_as_sshd_reads_them),
        cmocka_unit_test(test_a_copy_keeps_lines_and_names_the_copied_files),
        cmocka_unit_test(test_a_match_line_selects_its_connections),
        cmocka_unit_test(test_free_criteria_match_no_other_block),
        cmocka_unit_test(test_a_queried_connection_matches_no_other_block),
        cmocka_unit_test(test_a_plan_takes_effect_or_names_what_prevents_it),
        cmocka_unit_test(test_sshd_reads_the_copy_like_the_files),
        cmocka_unit_test(test_options_of_sshd_override_its_files),
        cmocka_unit_test(test_sshd_is_queried_for_a_user_of_each_block),
        cmocka_unit_test(test_sshd_is_queried_for_two_blocks_together),
        cmocka_unit_test(test_pairs_beyond_the_limit_are_counted),
        cmocka_unit_test(test_a_plan_needs_its_folder),
    };
    return cmocka_run_group_tests_name("sshd", tests, unit_make_folder, unit_remove_folder);
}
