/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sshd_blocks: sshd's answers for connections to which its Match blocks apply; see sshd_config.h.
 */
#include <config.h>

#include "ctl/host/sshd_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTS_MAX 16

/* The files of a question, and the criteria of their Match lines. */
struct survey {
    struct sshd_files files;
    size_t *lines; /* of each block: its Match line */
    struct sshd_criteria *criteria;
    size_t count;
    char port[PORTS_MAX][8];
    const char *ports[PORTS_MAX + 1];
    char version[128];
    struct sshd_setting setting;
};

static bool is_match(const struct sshd_line *line)
{
    return strcasecmp(line->keyword, "Match") == 0;
}

/* Adds the criteria of a Match line, and of the Match lines above it. */
static bool add_block(struct survey *survey, size_t line)
{
    bool good = true;
    survey->lines[survey->count] = line;
    for (size_t at = line; good && at != SSHD_NO_BLOCK; at = survey->files.lines[at].block)
        good = sshdmatch_add(&survey->criteria[survey->count], survey->files.lines[at].rest);
    survey->count++;
    return good;
}

/* Finds the ports of its Port lines, or its default. */
static void find_ports(struct survey *survey)
{
    size_t count = 0;
    for (size_t i = 0; i < survey->files.count && count + 1 < PORTS_MAX; i++) {
        const struct sshd_line *line = &survey->files.lines[i];
        int digits = (int)strspn(line->rest, "0123456789");
        if (sshdfiles_is(line, "Port") && digits > 0)
            (void)snprintf(survey->port[count++], sizeof(survey->port[0]), "%.*s", digits,
                           line->rest);
    }
    if (count == 0)
        (void)snprintf(survey->port[count++], sizeof(survey->port[0]), "22");
    for (size_t i = 0; i < count; i++)
        survey->ports[i] = survey->port[i];
    survey->ports[count] = NULL;
}

static bool take_survey(struct survey *survey, const struct sshd_question *question,
                        struct problem *problem)
{
    *survey = (struct survey){0};
    if (!sshdfiles_read(&survey->files, sshd_config_of(question), question->plan, problem))
        return false;
    survey->lines = calloc(survey->files.count + 1, sizeof(*survey->lines));
    survey->criteria = calloc(survey->files.count + 1, sizeof(*survey->criteria));
    bool good = survey->lines != NULL && survey->criteria != NULL;
    for (size_t i = 0; good && i < survey->files.count; i++)
        if (is_match(&survey->files.lines[i]))
            good = add_block(survey, i);
    find_ports(survey);
    sshd_find_version(survey->version, sizeof(survey->version));
    survey->setting =
        (struct sshd_setting){.blocks = survey->criteria,
                              .count = survey->count,
                              .ports = survey->ports,
                              .version = survey->version[0] != '\0' ? survey->version : NULL};
    return good || problem_no_memory(problem);
}

static void end_survey(struct survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        sshdmatch_free(&survey->criteria[i]);
    free(survey->criteria);
    free(survey->lines);
    sshdfiles_free(&survey->files);
}

static void fill_in(char *field, size_t size, const char *value)
{
    if (field[0] == '\0')
        (void)snprintf(field, size, "%s", value);
}

bool sshd_complete(struct sshd_connection *connection, const struct sshd_question *question,
                   struct problem *problem)
{
    struct survey survey;
    struct sshd_connection neutral;
    const char *user = connection->user[0] != '\0' ? connection->user : NULL;
    bool good = take_survey(&survey, question, problem) &&
                sshdmatch_build(NULL, &survey.setting, user, &neutral, problem) == SSHD_MATCH_BUILT;
    end_survey(&survey);
    if (!good)
        return false;
    fill_in(connection->user, sizeof(connection->user), neutral.user);
    fill_in(connection->host, sizeof(connection->host),
            connection->address[0] != '\0' ? connection->address : neutral.host);
    fill_in(connection->address, sizeof(connection->address), neutral.address);
    fill_in(connection->local_address, sizeof(connection->local_address), neutral.local_address);
    fill_in(connection->local_port, sizeof(connection->local_port), neutral.local_port);
    fill_in(connection->rdomain, sizeof(connection->rdomain), neutral.rdomain);
    return true;
}

/* ---- all blocks ---- */

/* Asks about the connection of a block, if there is one. */
static void ask_block(struct sshd_block *block, const struct sshd_question *question,
                      enum sshd_match match)
{
    struct sshd_question of_block = *question;
    of_block.connection = &block->connection;
    if (match == SSHD_MATCH_BUILT)
        block->known = sshd_ask(&block->answer, &of_block, &block->why);
}

static bool decides(const struct survey *survey, size_t match_line)
{
    for (size_t i = 0; i < survey->files.count; i++)
        if (survey->files.lines[i].block == match_line && sshd_decides(&survey->files.lines[i]))
            return true;
    return false;
}

/* number: of the block; survey->count: that of no block. */
static void take_block(struct sshd_blocks *blocks, const struct survey *survey, size_t number,
                       const struct sshd_question *question, const char *user)
{
    struct sshd_block *block = &blocks->at[blocks->count];
    bool none = number == survey->count;
    enum sshd_match match =
        sshdmatch_build(none ? NULL : &survey->criteria[number], &survey->setting, user,
                        &block->connection, &block->why);
    if (match == SSHD_MATCH_NEVER)
        return;
    blocks->count++;
    block->number = number;
    if (!none) {
        const struct sshd_line *line = &survey->files.lines[survey->lines[number]];
        (void)location_write(line->file, line->number, block->where, sizeof(block->where));
        (void)snprintf(block->criteria, sizeof(block->criteria), "%s", line->rest);
        block->decides = decides(survey, survey->lines[number]);
    }
    ask_block(block, question, match);
}

bool sshd_ask_blocks(struct sshd_blocks *blocks, const struct sshd_question *question,
                     const char *user, struct problem *problem)
{
    struct survey survey;
    *blocks = (struct sshd_blocks){0};
    bool good = take_survey(&survey, question, problem);
    struct sshd_block *all = good ? calloc(survey.count + 1, sizeof(*all)) : NULL;
    if (good && all == NULL)
        good = problem_no_memory(problem);
    if (all != NULL) {
        blocks->at = all;
        if (user != NULL)
            take_block(blocks, &survey, survey.count, question, user);
        for (size_t i = 0; i < survey.count; i++)
            take_block(blocks, &survey, i, question, user);
    }
    end_survey(&survey);
    return good;
}

/* ---- two blocks for one connection ---- */

/* Joins the criteria of both blocks, whose lists it borrows. */
static struct sshd_criteria join(const struct sshd_criteria *one, const struct sshd_criteria *other)
{
    struct sshd_criteria both = *one;
    for (size_t i = 0; i < other->count; i++) {
        if (both.count == SSHD_CRITERIA_MAX)
            both.too_many = true;
        else
            both.at[both.count++] = other->at[i];
    }
    return both;
}

/* A block within another applies together with that one anyway. */
static bool are_pair(const struct survey *survey, const struct sshd_block *one,
                     const struct sshd_block *other)
{
    size_t line = survey->lines[one->number];
    size_t other_line = survey->lines[other->number];
    return one->decides && other->decides && one->known && other->known &&
           !sshdfiles_is_under(&survey->files, line, other_line) &&
           !sshdfiles_is_under(&survey->files, other_line, line);
}

static void take_pair(struct sshd_blocks *pairs, const struct survey *survey,
                      const struct sshd_block *one, const struct sshd_block *other,
                      const struct sshd_question *question)
{
    struct sshd_block *pair = &pairs->at[pairs->count];
    struct sshd_criteria both =
        join(&survey->criteria[one->number], &survey->criteria[other->number]);
    enum sshd_match match =
        sshdmatch_build(&both, &survey->setting, NULL, &pair->connection, &pair->why);
    if (match != SSHD_MATCH_BUILT && !both.too_many)
        return;
    pairs->count++;
    pair->parts[0] = one;
    pair->parts[1] = other;
    pair->decides = true;
    (void)snprintf(pair->where, sizeof(pair->where), "%s", one->where);
    (void)snprintf(pair->criteria, sizeof(pair->criteria), "%.50s, with Match %.50s (%.60s)",
                   one->criteria, other->criteria, other->where);
    ask_block(pair, question, match);
}

bool sshd_ask_pairs(struct sshd_blocks *pairs, const struct sshd_blocks *blocks,
                    const struct sshd_question *question, struct problem *problem)
{
    struct survey survey;
    size_t looked_at = 0;
    struct sshd_block *all = calloc(SSHD_PAIRS_MAX, sizeof(*all));
    *pairs = (struct sshd_blocks){.at = all};
    bool good = take_survey(&survey, question, problem);
    if (good && all == NULL)
        good = problem_no_memory(problem);
    for (size_t i = 0; good && all != NULL && i < blocks->count; i++)
        for (size_t n = i + 1; n < blocks->count; n++) {
            if (!are_pair(&survey, &blocks->at[i], &blocks->at[n]))
                continue;
            if (looked_at++ < SSHD_PAIRS_MAX)
                take_pair(pairs, &survey, &blocks->at[i], &blocks->at[n], question);
            else
                pairs->left++;
        }
    end_survey(&survey);
    return good;
}

void sshd_free_blocks(struct sshd_blocks *blocks)
{
    for (size_t i = 0; i < blocks->count; i++)
        sshd_free(&blocks->at[i].answer);
    free(blocks->at);
    *blocks = (struct sshd_blocks){0};
}
