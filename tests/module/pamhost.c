/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pamhost: a PAM application that authenticates users and prints all that happens to it.
 *
 * SYNOPSIS
 *   pamhost --confdir DIR --service NAME --user NAME [--user NAME...] [OPTION...]
 *
 * DESCRIPTION
 *   Each user is authenticated with libpam and a stack from DIR; several users at the same time, in
 *   a thread each. Every prompt takes the next --answer:
 *     TEXT     the text itself           @code    the code that came by phone
 *     @spaced  it, with blanks and hyphens between   @wrong   another one of the same form
 *     @pasted  its message, as a terminal pastes it
 *     @null    no answer                 @huge    64 KiB of digits
 *     @bytes   bytes that are not text   @fail    the conversation fails
 *     @kill    the helper is killed, then the code   @stop    it is stopped, then the code
 *     @die     this process is killed    @wait    never answers
 *     @older   the code of the message before    ANY~     ANY, two seconds later
 *   and the conversation fails when there is none left. With --password, which answers all other
 *   prompts, they are for the prompts for a code alone. With --gate nothing is answered before that
 *   file is there.
 *
 *   Printed: "prompt on|off TEXT", "message error|info TEXT", "delay MICROSECONDS", "state ..."
 * (what of the process was changed), "cost ...", "times ..." (microseconds until each prompt, from
 * the start or the answer before, and until the end) and last "result NAME", for several users with
 * the name of each before it. Exit status: 0 when all were PAM_SUCCESS, 1 otherwise, 2 for an error
 * here.
 */
#include <config.h>

#include "hoststate.h"
#include "inbox.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define MOST        32
#define ANSWER_SIZE 256

static struct options {
    const char *confdir;
    const char *service;
    const char *rhost;
    const char *tty;
    const char *inbox;
    const char *password;
    const char *gate;
    const char *sigchld;
    const char *environment;
    const char *users[MOST];
    int user_count;
    const char *answers[MOST];
    int answer_count;
    bool silent;
    bool cost;
    bool times;
} options;

struct login {
    const char *user;
    int prompts;
    char digits[8]; /* the end of the number, from the last prompt that had one */
    int result;
    long since_us;   /* when the host had its last word */
    char times[512]; /* of the module's, so far */
};

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static void print(const struct login *login, const char *word, const char *text)
{
    pthread_mutex_lock(&output);
    if (options.user_count > 1)
        (void)printf("%s: ", login->user);
    (void)printf("%s ", word);
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            (void)fputs("\\n", stdout);
        else if (isprint((unsigned char)*text) != 0)
            (void)putchar(*text);
        else
            (void)printf("\\x%02x", (unsigned char)*text);
    }
    (void)putchar('\n');
    (void)fflush(stdout);
    pthread_mutex_unlock(&output);
}

/* ---- time ---- */

static long now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

/* The module has had the word until now. */
static void note_time(struct login *login)
{
    size_t used = strlen(login->times);
    (void)snprintf(login->times + used, sizeof(login->times) - used, "%s%ld", used > 0 ? " " : "",
                   now_us() - login->since_us);
}

/* ---- answers ---- */

static void signal_helper(int number)
{
    char path[64];
    char line[64] = "";
    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *children = fopen(path, "re");
    if (children == NULL)
        return;
    bool some = fgets(line, sizeof(line), children) != NULL;
    (void)fclose(children);
    pid_t pid = some ? (pid_t)strtol(line, NULL, 10) : 0;
    if (pid <= 0)
        return;
    (void)kill(pid, number);
    if (number == SIGKILL) { /* until it is dead, but not reaped */
        siginfo_t status;
        (void)waitid(P_PID, (id_t)pid, &status, WEXITED | WNOWAIT);
    }
}

static char *code_answer(const struct login *login, const char *kind)
{
    char code[64] = "";
    char *answer = calloc(1, ANSWER_SIZE);
    if (answer == NULL ||
        !inbox_code(options.inbox, login->digits, strcmp(kind, "@older") == 0, code, sizeof(code)))
        return answer;
    if (strcmp(kind, "@wrong") == 0)
        code[0] = code[0] == '1' ? '2' : '1';
    if (strcmp(kind, "@pasted") == 0) {
        (void)snprintf(answer, ANSWER_SIZE, "\033[200~Your code is:\u00a0%s.\r\033[201~", code);
        return answer;
    }
    size_t used = 0;
    for (size_t i = 0; code[i] != '\0'; i++) {
        if (strcmp(kind, "@spaced") == 0 && i > 0)
            answer[used++] = i % 2 == 0 ? ' ' : '-';
        answer[used++] = code[i];
    }
    return answer;
}

static char *huge_answer(void)
{
    size_t size = 65536;
    char *answer = malloc(size + 1);
    if (answer != NULL) {
        memset(answer, '1', size);
        answer[size] = '\0';
    }
    return answer;
}

static void make_kind(struct login *login, const char *kind, char **answer)
{
    if (strcmp(kind, "@kill") == 0 || strcmp(kind, "@stop") == 0)
        signal_helper(strcmp(kind, "@kill") == 0 ? SIGKILL : SIGSTOP);
    if (strcmp(kind, "@die") == 0)
        (void)kill(getpid(), SIGKILL);
    if (strcmp(kind, "@wait") == 0)
        for (;;)
            (void)pause();
    if (strcmp(kind, "@null") == 0)
        *answer = NULL;
    else if (strcmp(kind, "@huge") == 0)
        *answer = huge_answer();
    else if (strcmp(kind, "@bytes") == 0)
        *answer = strdup("\xff\xfe%n%s\x01");
    else if (kind[0] == '@')
        *answer = code_answer(login, kind);
    else
        *answer = strdup(kind);
}

static void wait_for_gate(void)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    while (options.gate != NULL && access(options.gate, F_OK) != 0)
        (void)nanosleep(&moment, NULL);
}

/* The next of the answers, or NULL; the caller's to free. */
static char *next_answer(struct login *login)
{
    int number = login->prompts++;
    char *kind = number < options.answer_count ? strdup(options.answers[number]) : NULL;
    size_t length = kind != NULL ? strlen(kind) : 0;
    if (length > 0 && kind[length - 1] == '~') {
        kind[length - 1] = '\0';
        (void)sleep(2);
    }
    return kind;
}

/* Makes the answer. Returns false if the conversation is to fail. */
static bool make_answer(struct login *login, const char *prompt, char **answer)
{
    wait_for_gate();
    if (options.password != NULL && strstr(prompt, "Code") == NULL) {
        *answer = strdup(options.password);
        return true;
    }
    char *kind = next_answer(login);
    bool good = kind != NULL && strcmp(kind, "@fail") != 0;
    if (good)
        make_kind(login, kind, answer);
    free(kind);
    return good;
}
static void remember_digits(struct login *login, const char *prompt)
{
    const char *at = strstr(prompt, "ending in ");
    if (at != NULL)
        (void)snprintf(login->digits, sizeof(login->digits), "%.2s", at + strlen("ending in "));
}

static int converse(int count, const struct pam_message **messages, struct pam_response **replies,
                    void *data)
{
    struct login *login = data;
    struct pam_response *made = calloc((size_t)count, sizeof(*made));
    if (made == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        int style = messages[i]->msg_style;
        if (style == PAM_ERROR_MSG || style == PAM_TEXT_INFO) {
            print(login, style == PAM_ERROR_MSG ? "message error" : "message info",
                  messages[i]->msg);
            continue;
        }
        note_time(login);
        print(login, style == PAM_PROMPT_ECHO_ON ? "prompt on" : "prompt off", messages[i]->msg);
        remember_digits(login, messages[i]->msg);
        if (!make_answer(login, messages[i]->msg, &made[i].resp)) {
            free(made);
            return PAM_CONV_ERR;
        }
        login->since_us = now_us();
    }
    *replies = made;
    return PAM_SUCCESS;
}

/* ---- one login ---- */

static void on_delay(int result, unsigned microseconds, void *data)
{
    char text[32];
    (void)result;
    (void)snprintf(text, sizeof(text), "%u", microseconds);
    print(data, "delay", text);
}

static const char *code_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {PAM_SUCCESS, "PAM_SUCCESS"},
        {PAM_IGNORE, "PAM_IGNORE"},
        {PAM_AUTH_ERR, "PAM_AUTH_ERR"},
        {PAM_MAXTRIES, "PAM_MAXTRIES"},
        {PAM_AUTHINFO_UNAVAIL, "PAM_AUTHINFO_UNAVAIL"},
        {PAM_SERVICE_ERR, "PAM_SERVICE_ERR"},
        {PAM_CONV_ERR, "PAM_CONV_ERR"},
        {PAM_BUF_ERR, "PAM_BUF_ERR"},
        {PAM_SYSTEM_ERR, "PAM_SYSTEM_ERR"},
        {PAM_PERM_DENIED, "PAM_PERM_DENIED"},
        {PAM_MODULE_UNKNOWN, "PAM_MODULE_UNKNOWN"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].code == code)
            return names[i].name;
    return "another";
}

static long shared_objects(void)
{
    char line[512];
    char last[512] = "";
    long count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        const char *path = strchr(line, '/');
        if (path != NULL && strstr(path, ".so") != NULL && strcmp(path, last) != 0) {
            (void)snprintf(last, sizeof(last), "%s", path);
            count++;
        }
    }
    if (maps != NULL)
        (void)fclose(maps);
    return count;
}

static long resident_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (status != NULL)
        (void)fclose(status);
    return kib;
}

struct cost {
    long wall_us;
    long host_us;
    long helper_us;
    long objects;
    long kib;
};

static long cpu_us(int who)
{
    struct rusage usage;
    (void)getrusage(who, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static void measure(struct cost *cost)
{
    cost->objects = shared_objects();
    cost->kib = resident_kib();
    cost->helper_us = cpu_us(RUSAGE_CHILDREN);
    cost->host_us = cpu_us(RUSAGE_SELF);
    cost->wall_us = now_us();
}

static void print_cost(const struct login *login, const struct cost *before,
                       const struct cost *after)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "wall_us=%ld host_us=%ld helper_us=%ld objects=%ld kib=%ld",
                   after->wall_us - before->wall_us, after->host_us - before->host_us,
                   after->helper_us - before->helper_us, after->objects - before->objects,
                   after->kib - before->kib);
    print(login, "cost", text);
}

static int authenticate(struct login *login)
{
    const struct pam_conv conversation = {.conv = converse, .appdata_ptr = login};
    void (*delay)(int, unsigned, void *) = on_delay;
    const void *delay_item = NULL;
    memcpy(&delay_item, &delay, sizeof(delay)); /* ISO C has no cast for it */
    pam_handle_t *pamh = NULL;
    struct cost before;
    struct cost after;

    if (options.cost)
        measure(&before); /* before libpam loads the modules */
    int result =
        pam_start_confdir(options.service, login->user, &conversation, options.confdir, &pamh);
    if (result != PAM_SUCCESS)
        return result;
    (void)pam_set_item(pamh, PAM_FAIL_DELAY, delay_item);
    if (options.rhost != NULL)
        (void)pam_set_item(pamh, PAM_RHOST, options.rhost);
    if (options.tty != NULL)
        (void)pam_set_item(pamh, PAM_TTY, options.tty);
    if (options.environment != NULL)
        (void)pam_putenv(pamh, options.environment);
    login->since_us = now_us();
    result = pam_authenticate(pamh, options.silent ? (int)PAM_SILENT : 0);
    note_time(login);
    if (options.cost) {
        measure(&after);
        print_cost(login, &before, &after);
    }
    if (options.times)
        print(login, "times", login->times);
    (void)pam_end(pamh, result);
    return result;
}

static void *run(void *data)
{
    struct login *login = data;
    login->result = authenticate(login);
    return NULL;
}

/* ---- the whole ---- */

static void reap_all(int number)
{
    int kept = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = kept;
}

static void set_sigchld(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    if (options.sigchld == NULL)
        return;
    action.sa_handler = strcmp(options.sigchld, "reap") == 0 ? reap_all : SIG_IGN;
    action.sa_flags = SA_RESTART;
    (void)sigaction(SIGCHLD, &action, NULL);
}

static error_t take_option(int key, char *value, struct argp_state *state)
{
    switch (key) {
    case 'c':
        options.confdir = value;
        break;
    case 's':
        options.service = value;
        break;
    case 'r':
        options.rhost = value;
        break;
    case 't':
        options.tty = value;
        break;
    case 'i':
        options.inbox = value;
        break;
    case 'p':
        options.password = value;
        break;
    case 'g':
        options.gate = value;
        break;
    case 'e':
        options.environment = value;
        break;
    case 'S':
        options.sigchld = value;
        break;
    case 'q':
        options.silent = true;
        break;
    case 'C':
        options.cost = true;
        break;
    case 'T':
        options.times = true;
        break;
    case 'u':
        if (options.user_count == MOST)
            argp_error(state, "at most %d users", MOST);
        options.users[options.user_count++] = value;
        break;
    case 'a':
        if (options.answer_count == MOST)
            argp_error(state, "at most %d answers", MOST);
        options.answers[options.answer_count++] = value;
        break;
    case ARGP_KEY_END:
        if (options.confdir == NULL || options.service == NULL || options.user_count == 0)
            argp_error(state, "--confdir, --service and --user are needed");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option known[] = {
    {"confdir", 'c', "DIR", 0, "where the stacks are", 0},
    {"service", 's', "NAME", 0, "PAM service", 0},
    {"user", 'u', "NAME", 0, "who logs in; several: at the same time", 0},
    {"rhost", 'r', "HOST", 0, "PAM_RHOST", 0},
    {"tty", 't', "NAME", 0, "PAM_TTY", 0},
    {"pam-env", 'e', "NAME=VALUE", 0, "a variable of the PAM environment", 0},
    {"answer", 'a', "ANSWER", 0, "the answer to the next prompt", 0},
    {"password", 'p', "TEXT", 0, "the answer to each prompt that is not for a code", 0},
    {"inbox", 'i', "FILE", 0, "where the codes arrive", 0},
    {"gate", 'g', "FILE", 0, "answer nothing before it is there", 0},
    {"sigchld", 'S', "ignore|reap", 0, "what this process does with SIGCHLD", 0},
    {"silent", 'q', NULL, 0, "authenticate with PAM_SILENT", 0},
    {"cost", 'C', NULL, 0, "print what it cost", 0},
    {"times", 'T', NULL, 0, "print how long the module took for each step", 0},
    {0},
};

static int run_all(struct login *logins)
{
    pthread_t threads[MOST] = {0};
    int result = 0;
    if (options.user_count == 1)
        run(&logins[0]);
    else
        for (int i = 0; i < options.user_count; i++)
            if (pthread_create(&threads[i], NULL, run, &logins[i]) != 0)
                return 2;
    for (int i = 0; i < options.user_count; i++) {
        if (options.user_count > 1)
            (void)pthread_join(threads[i], NULL);
        print(&logins[i], "result", code_name(logins[i].result));
        if (logins[i].result != PAM_SUCCESS)
            result = 1;
    }
    return result;
}

int main(int argc, char **argv)
{
    static const struct argp parser = {.options = known, .parser = take_option};
    static struct hoststate before;
    static struct hoststate after;
    struct login logins[MOST] = {0};
    char line[512];

    if (argp_parse(&parser, argc, argv, 0, NULL, NULL) != 0)
        return 2;
    for (int i = 0; i < options.user_count; i++)
        logins[i].user = options.users[i];
    openlog("pamhost", LOG_NDELAY, LOG_AUTHPRIV); /* as hosts do; libpam would open it meanwhile */
    set_sigchld();
    hoststate_take(&before);
    int result = run_all(logins);
    hoststate_take(&after);
    const char *difference = hoststate_difference(&before, &after, line, sizeof(line));
    print(&logins[0], "state", difference == NULL ? "unchanged" : difference);
    return result;
}
