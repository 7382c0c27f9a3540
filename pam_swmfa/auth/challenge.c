/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * challenge: sends the code, prompts the user, and verifies the reply.
 *
 * Users without a number take the same steps and read the same texts, but nothing is sent, and no
 * code is correct (login->decoy).
 */
#include <config.h>

#include "auth/login_internal.h"
#include "auth/reply.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS_MAX 5  /* codes that one login can send, including those on request */
#define WORDS_MAX  20 /* answers such as help, or a password, that cost no try */

#define INTRO_SIZE (WIRE_TEXT_SIZE - 16) /* it must fit together with the prompt after it */

static const char *const channel_words[CHANNEL_COUNT] = {"SMS", "voice call"};

/* ---- what is possible ---- */

static bool possible(const struct login *login, enum channel channel)
{
    return delivery_can(&login->delivery, channel);
}

static enum channel the_other(enum channel channel)
{
    return channel == CHANNEL_SMS ? CHANNEL_CALL : CHANNEL_SMS;
}

static enum channel other_channel(const struct login *login)
{
    return the_other(login->channel);
}

static bool more_sends(const struct login *login)
{
    return login->rounds < ROUNDS_MAX;
}

/* The map's channels are permitted; its first, or the configuration's, is the one to begin with. */
static bool choose_channel(struct login *login)
{
    const struct phone *phone = &login->phone;
    if (phone->channel_count > 0)
        login->delivery.permitted = 0;
    for (size_t i = 0; i < phone->channel_count; i++)
        login->delivery.permitted |= 1U << (unsigned)phone->channels[i];
    if (login->request->channel != 0)
        login->delivery.permitted &= 1U << (login->request->channel - 1);
    if (possible(login, login->channel))
        return true;
    if (possible(login, other_channel(login))) {
        login->channel = other_channel(login);
        return true;
    }
    problem_set(&login->problem, "no provider in providers can send by a channel of this user");
    return verdict(login, VERDICT_CONFIGURATION);
}

/* ---- asking ---- */

/* The question to the user: one prompt, of the intro and its ending, or the intro as a message of
 * its own and a short prompt. */
struct question {
    const char *intro;
    const char *ending;
    const char *prompt;
    bool echo;
};

/*
 * With -p and with passprompt_override, sudo replaces the text of each prompt, so the user would
 * not know what to type. On a terminal it shows messages before a prompt immediately; other
 * applications show them late (sshd), or on standard output (su).
 */
static bool replaces_prompts(const struct login *login)
{
    const struct wire_request *request = login->request;
    bool sudo = strcmp(request->service, "sudo") == 0 || strcmp(request->service, "sudo-i") == 0;
    return sudo && *request->tty != '\0';
}

static bool say_question(struct login *login, const struct question *question)
{
    char text[WIRE_TEXT_SIZE];
    if (replaces_prompts(login))
        return say(login, WIRE_INTRO, false, question->intro) &&
               say(login, WIRE_PROMPT, question->echo, question->prompt);
    (void)snprintf(text, sizeof(text), "%s%s", question->intro, question->ending);
    return say(login, WIRE_PROMPT, question->echo, text);
}

/* Asks the user. code: see reply_read. Returns false when there is no answer. */
static bool ask_question(struct login *login, const struct question *question,
                         enum reply_kind *kind, char *code)
{
    struct wire_reply reply = {0};
    struct terms terms;
    delivery_terms(&login->delivery, &terms);
    if (!say_question(login, question))
        return false;
    enum wire_result received = wire_receive(login->socket, &reply, sizeof(reply));
    bool good = received == WIRE_OK && reply.head.type == WIRE_REPLY;
    if (good)
        *kind = reply_read(&reply, terms.length, terms.letters, code);
    explicit_bzero(&reply, sizeof(reply));
    if (!good)
        return verdict(login, VERDICT_HOST_GONE);
    if (*kind == REPLY_CONV_FAILED)
        return verdict(login, VERDICT_CONVERSATION);
    if (*kind != REPLY_SSHD_DENIES)
        return true;
    problem_set(&login->problem, "sshd has rejected this user: check PermitRootLogin, AllowUsers "
                                 "and DenyUsers in sshd_config");
    return verdict(login, VERDICT_SSHD_DENIES);
}

/* An answer that is no code does not use up a try, up to more such answers than anybody needs. */
static void count_word(struct login *login)
{
    if (++login->words <= WORDS_MAX)
        login->tries--;
}

/* Adds what can be typed in place of a code, if anything: BEFORE "resend or call" AFTER. */
static void add_words(const struct login *login, char *intro, const char *before, const char *after)
{
    size_t used = strlen(intro);
    bool other = possible(login, other_channel(login));
    if (more_sends(login))
        (void)snprintf(intro + used, INTRO_SIZE - used, "%sresend%s%s%s", before,
                       other ? " or " : "", other ? channel_names[other_channel(login)] : "",
                       after);
}

static void add_offer(const struct login *login, char *intro)
{
    add_words(login, intro, " No code? Type ", ".");
}

static void explain(const struct login *login, char *intro)
{
    bool usable = login->delivery.state == OUTCOME_OK;
    bool other = possible(login, other_channel(login));
    const char *none =
        login->delivery.sent_at == 0 ? "No code has been sent." : "The last code cannot be used.";
    int used = snprintf(intro, INTRO_SIZE, "%s%s", usable ? "Type the code sent by " : "",
                        usable ? channel_words[login->channel] : none);
    if (usable)
        used += snprintf(intro + used, INTRO_SIZE - (size_t)used, " to the number ending in %s%s",
                         login->digits, more_sends(login) ? ", or" : ".");
    else if (more_sends(login))
        used += snprintf(intro + used, INTRO_SIZE - (size_t)used, " Type");
    if (more_sends(login))
        used +=
            snprintf(intro + used, INTRO_SIZE - (size_t)used, "\n  resend  for a new code by %s%s",
                     channel_words[login->channel], other ? ", or" : ".");
    if (more_sends(login) && other)
        used += snprintf(intro + used, INTRO_SIZE - (size_t)used, "\n  %-6s  for a new code by %s.",
                         channel_names[other_channel(login)], channel_words[other_channel(login)]);
    (void)snprintf(intro + used, INTRO_SIZE - (size_t)used,
                   "\nA break-glass code also works.\nTries left: %d.",
                   login->config.tries - login->tries);
}

/* How an earlier code failed says nothing about the next one; why the phone gets none does. */
static void forget_problem(struct login *login)
{
    if (!login->decoy)
        login->problem = (struct problem){0};
}

/* ---- sending ---- */

/* Sends a code. A send that certainly did not happen is not counted. */
static enum delivered deliver_really(struct login *login, enum channel channel, bool only,
                                     int64_t deadline)
{
    enum delivered delivered =
        delivery_send(&login->delivery, login->phone.number, channel, only, deadline);
    if (delivered == DELIVERED)
        limits_end_request(login, false);
    if (!login->delivery.in_doubt)
        limits_refund_send(login);
    return delivered;
}

/* The same, or for a decoy as if. */
static enum delivered deliver(struct login *login, enum channel channel, bool only,
                              int64_t deadline)
{
    prefetch_wait(&login->prefetch); /* for decoys as well: it must not tell them apart */
    limits_begin_request(login);
    if (!login->decoy)
        return deliver_really(login, channel, only, deadline);
    limits_wait(login);
    limits_end_request(login, false);
    delivery_pretend(&login->delivery, channel, only);
    return DELIVERED;
}

/* Explains a send without an answer; before: when the code was sent that was valid until now. */
static void describe_silence(struct login *login, int64_t before, char *intro)
{
    bool older = login->delivery.state == OUTCOME_OK && login->delivery.sent_at == before;
    if (!older)
        login->channel = login->delivery.challenge.channel;
    bool usable = login->delivery.state == OUTCOME_OK;
    if (older)
        (void)snprintf(intro, INTRO_SIZE,
                       "The provider has not answered. Use the previous code; a newer one cannot "
                       "be verified.");
    else
        (void)snprintf(intro, INTRO_SIZE,
                       "The provider has not answered. A code may still arrive by %s at the number "
                       "ending in %s%s.%s",
                       channel_words[login->channel], login->digits,
                       usable ? "" : ", but it cannot be verified",
                       usable && before != 0 ? " Use only that one." : "");
    add_offer(login, intro);
}

/* Explains that no code may be sent. */
static void describe_refusal(const struct login *login, char *intro)
{
    if (login->delivery.state == OUTCOME_OK)
        (void)snprintf(intro, INTRO_SIZE,
                       "No new code can be sent now. The previous code is still valid.");
    else
        (void)snprintf(intro, INTRO_SIZE,
                       "No code can be sent now. Try again later, or type a break-glass code.");
}

static bool refused(const struct login *login, enum channel channel)
{
    return (login->delivery.refused & 1U << (unsigned)channel) != 0;
}

/*
 * Decides whether to offer the other channel after a failed send by this one: a provider does not
 * send to the number by this one, since it is a landline, for example. Nothing is sent by the other
 * one without a request, since a call costs more. It is the last resort: if it fails, there is no
 * third.
 */
static bool offers_other(const struct login *login, enum channel channel)
{
    enum channel other = other_channel(login);
    return channel == login->channel && refused(login, channel) && !refused(login, other) &&
           possible(login, other) && more_sends(login);
}

/* Explains that no provider has sent. Returns false if nothing else can help. */
static bool describe_failure(const struct login *login, enum channel channel, bool only,
                             char *intro)
{
    if (login->delivery.state == OUTCOME_OK) {
        (void)snprintf(intro, INTRO_SIZE,
                       "No new code could be sent. The previous code is still valid.");
        return true;
    }
    bool codes = login->limits.codes_left > 0;
    bool offer = offers_other(login, channel);
    bool another = only && more_sends(login) && !refused(login, the_other(channel));
    int used = snprintf(intro, INTRO_SIZE, "No code could be sent by %s.", channel_words[channel]);
    if (offer)
        (void)snprintf(intro + used, INTRO_SIZE - (size_t)used, " Type %s for a code by %s.",
                       channel_names[other_channel(login)], channel_words[other_channel(login)]);
    else
        add_words(login, intro, " Type ", " to try again.");
    if (codes)
        (void)snprintf(intro + strlen(intro), INTRO_SIZE - strlen(intro),
                       " A break-glass code also works.");
    return codes || offer || another;
}

static bool announce_call(struct login *login)
{
    char text[128];
    (void)snprintf(text, sizeof(text),
                   "Calling the number ending in %s. This can take a few seconds.", login->digits);
    return say(login, WIRE_INFO, false, text);
}

/*
 * Sends a code; only: by that channel and no other. Returns true to ask for it, with intro set to
 * the first words of the prompt.
 */
static bool send_code(struct login *login, enum channel channel, bool only, char *intro)
{
    const struct delivery *delivery = &login->delivery;
    int64_t before = delivery->sent_at;
    int64_t now = delivery_now();
    int64_t deadline = now + (int64_t)login->config.deadline * 1000;
    forget_problem(login);
    if (!limits_count_send(login, deadline))
        return false;
    if (login->refusal != REFUSAL_NONE) {
        describe_refusal(login, intro);
        return true;
    }
    login->round_at = now;
    login->rounds++;
    if (channel == CHANNEL_CALL && !announce_call(login))
        return false;
    switch (deliver(login, channel, only, deadline)) {
    case DELIVERED:
        login->channel = delivery->challenge.channel;
        (void)snprintf(intro, INTRO_SIZE, "%s sent by %s to the number ending in %s.%s",
                       before != 0 ? "New code" : "Code", channel_words[login->channel],
                       login->digits, before != 0 ? " Use only this one." : "");
        add_offer(login, intro);
        login->delivered = true;
        return true;
    case DELIVERED_PERHAPS:
        if (verdict_is_covered(login))
            return verdict_by_sends(login);
        describe_silence(login, before, intro);
        return true;
    case DELIVERED_NOT:
        if (verdict_is_covered(login) || !describe_failure(login, channel, only, intro))
            return verdict_by_sends(login);
        if (offers_other(login, channel)) /* nothing was sent that the user might wait for */
            login->round_at = 0;
        return true;
    default:
        return verdict_by_sends(login);
    }
}

/* The channel that a word names; the one in use for a word that names none. */
static enum channel channel_of(const struct login *login, enum reply_kind kind)
{
    if (kind == REPLY_SMS)
        return CHANNEL_SMS;
    return kind == REPLY_CALL ? CHANNEL_CALL : login->channel;
}

/* Seconds until the next code may be sent. */
static int64_t seconds_to_wait(const struct login *login)
{
    if (login->rounds == 0)
        return 0;
    int64_t left = login->round_at + (int64_t)login->config.resend_delay * 1000 - delivery_now();
    return left > 0 ? (left + 999) / 1000 : 0;
}

/* Carries out resend, sms or call, or explains why it cannot. Returns false when the login has
 * ended. */
static bool send_again(struct login *login, enum reply_kind kind, char *intro)
{
    enum channel channel = channel_of(login, kind);
    int64_t wait = seconds_to_wait(login);
    if (login->tries >= login->config.tries)
        return true; /* nobody could type the code */
    if (!possible(login, channel))
        (void)snprintf(intro, INTRO_SIZE, "Codes by %s are not available.", channel_words[channel]);
    else if (!more_sends(login))
        (void)snprintf(intro, INTRO_SIZE, "No more codes can be sent in this login.");
    else if (wait > 0)
        (void)snprintf(intro, INTRO_SIZE, "You can request a new code in %d second%s.", (int)wait,
                       wait == 1 ? "" : "s");
    else
        return send_code(login, channel, kind != REPLY_RESEND, intro);
    return true;
}

/* ---- break-glass codes ---- */

/* Handles a break-glass code. Returns true to ask again, with intro set. */
static bool try_break_glass(struct login *login, const char *code, char *intro)
{
    bool wrong = true;
    if (!limits_count_attempt(login) || !limits_use_break_glass(login, code, &wrong))
        return false;
    (void)snprintf(intro, INTRO_SIZE, "Wrong code. Try again.");
    if (wrong)
        limits_keep_attempt(login);
    if (wrong && *login->problem.text == '\0')
        problem_set(&login->problem, "a break-glass code was wrong or already used; %lld left",
                    (long long)login->limits.codes_left);
    if (wrong)
        return true;
    problem_set(&login->problem, "a break-glass code was used; %lld left",
                (long long)login->limits.codes_left);
    return verdict(login, VERDICT_BREAK_GLASS);
}

/* ---- before anything is sent: autosend = no ---- */

/* Finds whether the answer requests a code, and by which channel. */
static bool chosen(struct login *login, enum reply_kind kind)
{
    enum channel channel = channel_of(login, kind);
    if (login->tries >= login->config.tries) /* nobody could type the code */
        return false;
    bool send = kind == REPLY_EMPTY || kind == REPLY_RESEND ||
                ((kind == REPLY_SMS || kind == REPLY_CALL) && possible(login, channel));
    if (send)
        login->channel = channel;
    return send;
}

/*
 * The prompt is always shown as it is typed: sshd's password method answers only those that are
 * not, with the password, and must not have anything sent.
 */
static bool wait_for_user(struct login *login)
{
    char code[REPLY_CODE_SIZE] = "";
    char text[INTRO_SIZE];
    char ignored[INTRO_SIZE];
    const char *intro = "";
    const struct question question = {text, " ", "Answer: ", true};
    while (login->config.autosend == 0 && login->tries < login->config.tries) {
        enum reply_kind kind = REPLY_NO_CODE;
        bool other = possible(login, other_channel(login));
        (void)snprintf(text, sizeof(text),
                       "%sPress Enter to receive a code by %s at the number ending in %s%s%s:",
                       intro, channel_words[login->channel], login->digits,
                       other ? ", or type " : "", other ? channel_names[other_channel(login)] : "");
        login->tries++;
        if (!ask_question(login, &question, &kind, code))
            return false;
        bool break_glass = kind == REPLY_BREAK_GLASS;
        intro = break_glass ? "Wrong code. Try again.\n" : "Nothing has been sent yet.\n";
        bool goes_on = !break_glass || try_break_glass(login, code, ignored);
        explicit_bzero(code, sizeof(code));
        if (!goes_on)
            return false;
        if (kind != REPLY_CODE && !break_glass)
            count_word(login);
        if (chosen(login, kind))
            return true;
    }
    return login->config.autosend == 1 || verdict(login, VERDICT_NOT_ASKED_FOR);
}

/* ---- the code ---- */

/* No tries are left. */
static bool end_by_tries(struct login *login)
{
    if (login->refusal == REFUSAL_NONE || login->delivered)
        return verdict(login, VERDICT_TRIES_USED);
    return verdict(login, login->refusal == REFUSAL_LIMIT ? VERDICT_SEND_LIMIT : VERDICT_COUNTRY);
}

/*
 * The code that was sent can no longer let the user in. Returns true to continue with another one.
 */
static bool do_without(struct login *login, char *intro)
{
    if (login->delivery.sent_at == 0) { /* none was */
        if (login->refusal != REFUSAL_NONE)
            describe_refusal(login, intro);
        else
            (void)describe_failure(login, login->channel, false, intro);
        return true;
    }
    struct terms terms;
    delivery_terms(&login->delivery, &terms);
    bool unanswered = login->delivery.state != OUTCOME_GONE;
    bool expired = delivery_now() - login->delivery.sent_at >= (int64_t)terms.valid_for * 1000;
    if (!more_sends(login) || login->tries >= login->config.tries) {
        if (unanswered)
            return verdict_by_sends(login);
        return expired ? verdict(login, VERDICT_CODE_EXPIRED)
                       : verdict_by_outcome(login, OUTCOME_GONE);
    }
    (void)snprintf(intro, INTRO_SIZE, "%s Type resend for a new one.",
                   unanswered ? "That code cannot be verified."
                   : expired  ? "The code has expired."
                              : "The code is no longer valid.");
    return true;
}

/* A decoy's code is wrong, then expired; only the provider can say that another code is correct. */
static enum outcome check_code(struct login *login, const char *code)
{
    struct delivery *delivery = &login->delivery;
    struct terms terms;
    limits_begin_request(login);
    if (!login->decoy) {
        enum outcome outcome = delivery_verify(delivery, code, &login->problem);
        if (outcome == OUTCOME_OK || outcome == OUTCOME_WRONG)
            limits_end_request(login, true);
        return outcome;
    }
    limits_wait(login);
    limits_end_request(login, true);
    delivery_terms(delivery, &terms);
    if (delivery_now() - delivery->sent_at < (int64_t)terms.valid_for * 1000)
        return OUTCOME_WRONG;
    delivery->state = OUTCOME_GONE;
    return OUTCOME_GONE;
}

/* Handles one code. Returns true to ask again, with intro set. */
static bool try_code(struct login *login, const char *code, char *intro)
{
    struct terms terms;
    delivery_terms(&login->delivery, &terms);
    if (login->delivery.state != OUTCOME_OK)
        return do_without(login, intro);
    forget_problem(login);
    if (!limits_count_attempt(login))
        return false;
    enum outcome outcome = check_code(login, code);
    log_debug("verify: outcome %d", (int)outcome);
    switch (outcome) {
    case OUTCOME_OK:
        return verdict(login, VERDICT_VERIFIED);
    case OUTCOME_WRONG:
        limits_keep_attempt(login);
        (void)snprintf(intro, INTRO_SIZE, "Wrong code. Try again.");
        return ++login->wrong < terms.wrong_most || end_by_tries(login);
    case OUTCOME_GONE:
        return do_without(login, intro);
    case OUTCOME_STALE:
        (void)snprintf(intro, INTRO_SIZE, "The code could not be verified. Type it again.");
        return login->tries < login->config.tries || verdict_by_outcome(login, outcome);
    case OUTCOME_MEMORY:
    case OUTCOME_ABANDONED:
        return verdict_by_outcome(login, outcome);
    default: /* another provider can still do it */
        if (login->config.providers.count == 1)
            return verdict_by_outcome(login, outcome);
        delivery_give_up(&login->delivery, outcome, &login->problem);
        forget_problem(login);
        return do_without(login, intro);
    }
}

static void refuse_form(const struct login *login, char *intro)
{
    struct terms terms;
    delivery_terms(&login->delivery, &terms);
    (void)snprintf(intro, INTRO_SIZE,
                   "That is not a code of %zu %s. Type the one-time code, not your password, or ? "
                   "for help.",
                   terms.length, terms.letters ? "digits and letters" : "digits");
}

/* Handles one answer. Returns true to ask again, with intro set to the first words of the next
 * prompt. */
static bool ask_once(struct login *login, char *intro)
{
    const struct question question = {intro, "\nCode: ", "Code: ", login->config.echo == 1};
    char code[REPLY_CODE_SIZE] = "";
    enum reply_kind kind = REPLY_CONV_FAILED;
    bool goes_on = true;
    if (!ask_question(login, &question, &kind, code))
        return false;
    switch (kind) {
    case REPLY_CODE:
        goes_on = try_code(login, code, intro);
        break;
    case REPLY_BREAK_GLASS:
        goes_on = try_break_glass(login, code, intro);
        break;
    case REPLY_HELP:
        count_word(login);
        explain(login, intro);
        break;
    case REPLY_RESEND:
    case REPLY_SMS:
    case REPLY_CALL:
        count_word(login);
        goes_on = send_again(login, kind, intro);
        break;
    default:
        count_word(login);
        if (login->delivery.sent_at == 0)
            goes_on = do_without(login, intro);
        else
            refuse_form(login, intro);
        break;
    }
    explicit_bzero(code, sizeof(code));
    return goes_on;
}

void ask(struct login *login)
{
    char intro[INTRO_SIZE] = "";
    if (!choose_channel(login) || !limits_load(login) || !wait_for_user(login) ||
        !send_code(login, login->channel, false, intro))
        return;
    while (login->tries < login->config.tries) {
        login->tries++;
        if (!ask_once(login, intro))
            return;
    }
    end_by_tries(login);
}
