/* SPDX-License-Identifier: BSD-3-Clause */
/* delivery: see delivery.h. */
#include <config.h>

#include "auth/delivery.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define SHORTEST_MS 100 /* with less time left, no provider is contacted */

int64_t delivery_now(void)
{
    return clock_read(CLOCK_BOOTTIME);
}

static enum provider_id provider_at(const struct delivery *delivery, size_t place)
{
    return (enum provider_id)delivery->config->providers.at[place];
}

void delivery_begin(struct delivery *delivery, const struct config *config, int watch_fd)
{
    memset(delivery, 0, sizeof(*delivery));
    delivery->config = config;
    delivery->watch_fd = watch_fd;
    delivery->provider = provider_at(delivery, 0);
    delivery->permitted = (1U << CHANNEL_COUNT) - 1;
    delivery->last = OUTCOME_BAD_ANSWER;
    delivery->state = OUTCOME_GONE;
}

void delivery_end(struct delivery *delivery)
{
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        rest_free(delivery->rest[i]);
        delivery->rest[i] = NULL;
    }
}

static const char *lacks(const struct delivery *delivery, enum provider_id id, enum channel channel)
{
    return providers[id]->lacks(delivery->config->settings[id], channel);
}

/* Finds a permitted channel that the provider has; the one that is wanted, if it can be. */
static bool find_channel(const struct delivery *delivery, enum provider_id id, enum channel wanted,
                         bool only, enum channel *found)
{
    *found = wanted;
    if (lacks(delivery, id, wanted) == NULL)
        return true;
    for (unsigned i = 0; i < CHANNEL_COUNT && !only; i++) {
        *found = (enum channel)i;
        if ((delivery->permitted & 1U << i) != 0 && lacks(delivery, id, *found) == NULL)
            return true;
    }
    return false;
}

bool delivery_asked_all(const struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->config->providers.count; i++) {
        enum provider_id id = provider_at(delivery, i);
        enum channel channel = CHANNEL_SMS;
        for (unsigned c = 0; c < CHANNEL_COUNT; c++)
            if ((delivery->permitted & 1U << c) != 0 &&
                (delivery->asked & 1U << (unsigned)id) == 0 &&
                find_channel(delivery, id, (enum channel)c, true, &channel))
                return false;
    }
    return true;
}

bool delivery_can(const struct delivery *delivery, enum channel channel)
{
    if ((delivery->permitted & 1U << (unsigned)channel) == 0)
        return false;
    for (size_t i = 0; i < delivery->config->providers.count; i++)
        if (lacks(delivery, provider_at(delivery, i), channel) == NULL)
            return true;
    return false;
}

void delivery_terms(const struct delivery *delivery, struct terms *terms)
{
    providers[delivery->provider]->terms(delivery->config->settings[delivery->provider], terms);
}

/* The client of a provider, made when it is needed first. */
static struct rest *client(struct delivery *delivery, enum provider_id id)
{
    if (delivery->rest[id] != NULL)
        return delivery->rest[id];
    struct account account = {0};
    providers[id]->account(delivery->config->settings[id], &account);
    const struct rest_settings settings = {.base = account.base,
                                           .user = account.user,
                                           .password = account.password,
                                           .ca_pem = account.ca_pem,
                                           .connect_timeout = delivery->config->connect_timeout,
                                           .watch_fd = delivery->watch_fd};
    delivery->rest[id] = rest_new(&settings);
    return delivery->rest[id];
}

/* Adds "NAME WORD: WHY" to what is known of requests that failed. The provider chose most of WHY:
 * it must leave room in the log line for the next one. */
static void note(struct delivery *delivery, enum provider_id id, const char *word, const char *why)
{
    char text[251];
    size_t used = strlen(delivery->why);
    (void)snprintf(delivery->why + used, sizeof(delivery->why) - used, "%s%s %s%s%s",
                   used > 0 ? "; " : "", providers[id]->name, word, *why != '\0' ? ": " : "",
                   problem_shorten(why, text, sizeof(text)));
}

/* Adds "PROVIDER:CHANNEL" to the list of codes that were sent, and may be charged. */
static void note_sent(struct delivery *delivery, enum provider_id id, enum channel channel,
                      bool certain)
{
    size_t used = strlen(delivery->sent);
    (void)snprintf(delivery->sent + used, sizeof(delivery->sent) - used, "%s%s:%s%s",
                   used > 0 ? " " : "", providers[id]->name, channel_names[channel],
                   certain ? "" : "?");
}

/* Keeps a challenge as the one that counts. */
static void keep(struct delivery *delivery, enum provider_id id, const struct challenge *challenge,
                 int64_t at, enum outcome state)
{
    delivery->provider = id;
    delivery->challenge = *challenge;
    delivery->sent_at = at;
    delivery->state = state;
}

static void failed_with(struct delivery *delivery, enum outcome outcome)
{
    delivery->last = outcome;
    delivery->failed |= 1U << (unsigned)outcome;
}

/* Makes one request to one provider. */
static enum delivered send_by(struct delivery *delivery, size_t place, int milliseconds,
                              struct challenge *challenge)
{
    enum provider_id id = provider_at(delivery, place);
    struct problem problem = {0};
    enum doubt doubt = DOUBT_NONE;
    struct rest *rest = client(delivery, id);
    int64_t at = delivery_now();
    if (rest == NULL || !provider_make_scope(challenge->scope)) {
        failed_with(delivery, OUTCOME_MEMORY);
        return DELIVERED_BROKEN;
    }
    delivery->sends++;
    if (delivery->sent_at == 0)
        delivery->provider = id;
    enum outcome outcome = provider_send(providers[id], delivery->config->settings[id], rest,
                                         milliseconds, challenge, &doubt, &problem);
    delivery->in_doubt = delivery->in_doubt || outcome == OUTCOME_OK || doubt != DOUBT_NONE;
    if (outcome == OUTCOME_OK || doubt != DOUBT_NONE)
        note_sent(delivery, id, challenge->channel, outcome == OUTCOME_OK);
    log_debug("send by %s: outcome %d, doubt %d", providers[id]->name, (int)outcome, (int)doubt);
    if (outcome == OUTCOME_OK) {
        keep(delivery, id, challenge, at, OUTCOME_OK);
        delivery->next = place;
        return DELIVERED;
    }
    failed_with(delivery, outcome);
    if (outcome == OUTCOME_INVALID || outcome == OUTCOME_NOT_QUEUED)
        delivery->refused |= 1U << (unsigned)challenge->channel;
    note(delivery, id, outcome_words[outcome], problem.text);
    if (outcome == OUTCOME_MEMORY || outcome == OUTCOME_ABANDONED)
        return DELIVERED_BROKEN;
    if (doubt != DOUBT_FULL)
        return DELIVERED_NOT;
    if (!providers[id]->needs_id)
        keep(delivery, id, challenge, at, OUTCOME_OK);
    else if (delivery->state != OUTCOME_OK)
        keep(delivery, id, challenge, at, outcome);
    delivery->next = (place + 1) % delivery->config->providers.count;
    return DELIVERED_PERHAPS;
}

enum delivered delivery_send(struct delivery *delivery, const char *number, enum channel channel,
                             bool only, int64_t end)
{
    const struct config *config = delivery->config;
    delivery->in_doubt = false;
    size_t first = delivery->next;
    for (size_t i = 0; i < config->providers.count; i++) {
        size_t place = (first + i) % config->providers.count;
        enum provider_id id = provider_at(delivery, place);
        int64_t left = end - delivery_now();
        int64_t most = (int64_t)config->timeout * 1000;
        struct challenge challenge = {.number = number};
        if (left < SHORTEST_MS)
            break;
        if (!find_channel(delivery, id, channel, only, &challenge.channel)) {
            note(delivery, id, "lacks", lacks(delivery, id, channel));
            continue;
        }
        delivery->asked |= 1U << (unsigned)id;
        enum delivered result =
            send_by(delivery, place, (int)(left < most ? left : most), &challenge);
        if (result != DELIVERED_NOT)
            return result;
    }
    return DELIVERED_NOT;
}

void delivery_pretend(struct delivery *delivery, enum channel channel, bool only)
{
    size_t count = delivery->config->providers.count;
    delivery->challenge.channel = channel;
    delivery->sent_at = delivery_now();
    delivery->state = OUTCOME_OK;
    for (size_t i = 0; i < count; i++) {
        size_t place = (delivery->next + i) % count;
        enum channel found = channel;
        if (find_channel(delivery, provider_at(delivery, place), channel, only, &found)) {
            delivery->challenge.channel = found;
            delivery->provider = provider_at(delivery, place);
            delivery->next = place;
            return;
        }
    }
}

void delivery_give_up(struct delivery *delivery, enum outcome outcome,
                      const struct problem *problem)
{
    const struct key_words *order = &delivery->config->providers;
    failed_with(delivery, outcome);
    note(delivery, delivery->provider, outcome_words[outcome], problem->text);
    delivery->state = outcome;
    for (size_t i = 0; i < order->count; i++)
        if (order->at[i] == (int)delivery->provider)
            delivery->next = (i + 1) % order->count;
}

enum outcome delivery_verify(struct delivery *delivery, const char *code, struct problem *problem)
{
    enum provider_id id = delivery->provider;
    struct terms terms;
    if (delivery->state != OUTCOME_OK)
        return delivery->state;
    delivery_terms(delivery, &terms);
    enum outcome outcome =
        provider_verify(providers[id], delivery->config->settings[id], delivery->rest[id],
                        delivery->config->timeout * 1000, &delivery->challenge, code, problem);
    if (outcome == OUTCOME_WRONG &&
        delivery_now() - delivery->sent_at >= (int64_t)terms.valid_for * 1000)
        outcome = OUTCOME_GONE;
    if (outcome == OUTCOME_GONE)
        delivery->state = OUTCOME_GONE;
    return outcome;
}
