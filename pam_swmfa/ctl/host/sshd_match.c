/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sshd_match: see sshd_match.h.
 *
 * Each criterion has candidates: the names in the patterns, with their wildcards filled in, the
 * addresses at the edges of their networks, the accounts of this system, and values that stand for
 * any other. The first candidate that all lists match is taken. The criteria are independent,
 * except that a candidate for the user must meet those for the user and for the groups.
 */
#include <config.h>

#include "ctl/host/sshd_match.h"

#include "ctl/host/account.h"
#include "ctl/host/sshd_files.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define USERS_MAX  4096 /* accounts of this system that are tried */
#define GROUPS_MAX 256
#define ITEM_MAX   256

/* ---- connections ---- */

static bool put(char *field, size_t size, const char *value, size_t length)
{
    return length < size && snprintf(field, size, "%.*s", (int)length, value) >= 0;
}

/* One KEY=VALUE, or a KEY that stands alone. */
static bool take_pair(struct sshd_connection *connection, const char *pair, size_t length)
{
    struct {
        const char *key;
        char *field;
        size_t size;
    } const keys[] = {
        {"user=", connection->user, sizeof(connection->user)},
        {"host=", connection->host, sizeof(connection->host)},
        {"addr=", connection->address, sizeof(connection->address)},
        {"laddr=", connection->local_address, sizeof(connection->local_address)},
        {"lport=", connection->local_port, sizeof(connection->local_port)},
        {"rdomain=", connection->rdomain, sizeof(connection->rdomain)},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        size_t key = strlen(keys[i].key);
        if (length >= key && strncmp(pair, keys[i].key, key) == 0)
            return put(keys[i].field, keys[i].size, pair + key, length - key);
    }
    size_t used = strlen(connection->more);
    int wrote = snprintf(connection->more + used, sizeof(connection->more) - used, ",%.*s",
                         (int)length, pair);
    return wrote > 0 && (size_t)wrote < sizeof(connection->more) - used;
}

bool sshd_connection_parse(struct sshd_connection *connection, const char *spec,
                           struct problem *problem)
{
    for (const char *at = spec; *at != '\0'; at += *at == ',') {
        size_t length = strcspn(at, ",");
        if (!take_pair(connection, at, length))
            return problem_set(problem, "\"%s\" is too long", at);
        at += length;
    }
    return true;
}

/* ---- criteria ---- */

static enum sshd_criterion find_criterion(const char *name)
{
    static const char *const names[] = {
        [SSHD_USER] = "user",
        [SSHD_GROUP] = "group",
        [SSHD_HOST] = "host",
        [SSHD_ADDRESS] = "address",
        [SSHD_LOCAL_ADDRESS] = "localaddress",
        [SSHD_LOCAL_PORT] = "localport",
        [SSHD_RDOMAIN] = "rdomain",
        [SSHD_VERSION] = "version",
        [SSHD_INVALID_USER] = "invalid-user",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasecmp(name, names[i]) == 0)
            return (enum sshd_criterion)i;
    return SSHD_UNKNOWN;
}

/* The words of a Match line: sshd reads "user=bob" as "user bob", and quotes need no blank between
 * them. */
static char **split_criteria(const char *rest)
{
    bool quoted = false;
    char *copy = strdup(rest);
    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        quoted = quoted != (*at == '"');
        if (*at == '=' && !quoted)
            *at = ' ';
    }
    char **words = copy != NULL ? sshdfiles_words(copy) : NULL;
    free(copy);
    return words;
}

static bool add_criterion(struct sshd_criteria *criteria, enum sshd_criterion what,
                          const char *list)
{
    if (criteria->count == SSHD_CRITERIA_MAX) {
        criteria->too_many = true;
        return true;
    }
    char *copy = strdup(list);
    criteria->at[criteria->count].what = what;
    criteria->at[criteria->count].list = copy;
    criteria->count += copy != NULL;
    return copy != NULL;
}

bool sshdmatch_add(struct sshd_criteria *criteria, const char *rest)
{
    char **words = split_criteria(rest);
    bool good = true;
    if (words == NULL)
        return add_criterion(criteria, SSHD_UNKNOWN, rest);
    for (char **at = words; good && *at != NULL; at++) {
        enum sshd_criterion what = find_criterion(*at);
        if (strcasecmp(*at, "all") == 0)
            continue;
        const char *list = *at;
        if (what != SSHD_INVALID_USER && what != SSHD_UNKNOWN)
            list = at[1] != NULL ? *++at : "";
        good = add_criterion(criteria, what, list);
        if (what == SSHD_UNKNOWN)
            break;
    }
    sshdfiles_free_words(words);
    return good;
}

void sshdmatch_free(struct sshd_criteria *criteria)
{
    for (size_t i = 0; i < criteria->count; i++)
        free(criteria->at[i].list);
    *criteria = (struct sshd_criteria){0};
}

/* ---- matching ---- */

/* Knows only "*" and "?": brackets and backslashes stand for themselves. */
static bool matches_pattern(const char *text, const char *pattern)
{
    const char *star = NULL;
    const char *again = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            again = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++again;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

/* An address, IPv4 or IPv6, as bytes. */
struct address {
    unsigned char bytes[16];
    size_t count; /* 4 or 16 */
};

static bool read_address(const char *text, struct address *address)
{
    *address = (struct address){0};
    if (inet_pton(AF_INET, text, address->bytes) == 1)
        address->count = 4;
    else if (inet_pton(AF_INET6, text, address->bytes) == 1)
        address->count = 16;
    return address->count > 0;
}

/* Finds the first and last address of "10.0.0.0/8". */
static bool read_network(const char *text, struct address *first, struct address *last)
{
    char address[ITEM_MAX];
    char *end = NULL;
    const char *slash = strchr(text, '/');
    if (slash == NULL || !put(address, sizeof(address), text, (size_t)(slash - text)) ||
        !read_address(address, first))
        return false;
    unsigned long bits = strtoul(slash + 1, &end, 10);
    if (end == slash + 1 || *end != '\0' || bits > first->count * 8)
        return false;
    *last = *first;
    for (size_t bit = bits; bit < first->count * 8; bit++)
        last->bytes[bit / 8] |= (unsigned char)(0x80U >> (bit % 8));
    return true;
}

static bool matches_address(const char *text, const char *item)
{
    struct address value;
    struct address first;
    struct address last;
    if (!read_network(item, &first, &last))
        return matches_pattern(text, item);
    return read_address(text, &value) && value.count == first.count &&
           memcmp(value.bytes, first.bytes, value.count) >= 0 &&
           memcmp(value.bytes, last.bytes, value.count) <= 0;
}

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

static bool matches_item(enum sshd_criterion what, const char *value, char *item)
{
    if (what == SSHD_ADDRESS || what == SSHD_LOCAL_ADDRESS)
        return matches_address(value, item);
    if (what == SSHD_LOCAL_PORT)
        return strtoul(value, NULL, 10) == strtoul(item, NULL, 10);
    if (what == SSHD_HOST)
        lower(item);
    return matches_pattern(value, item);
}

/* Gets the next item of a list, without the "!" that negates it. Returns the rest, or NULL. */
static const char *next_item(const char *list, char *item, size_t size, bool *negated)
{
    if (*list == '\0')
        return NULL;
    size_t length = strcspn(list, ",");
    *negated = *list == '!';
    (void)snprintf(item, size, "%.*s", (int)length - *negated, list + *negated);
    return list + length + (list[length] == ',');
}

/* Matches as sshd does: 1, 0 if no item matches, or -1 if a negated one does, which decides. */
static int matches_list(enum sshd_criterion what, const char *value, const char *list)
{
    char item[ITEM_MAX];
    bool negated = false;
    int result = 0;
    for (const char *at = list; (at = next_item(at, item, sizeof(item), &negated)) != NULL;) {
        if (!matches_item(what, value, item))
            continue;
        if (negated)
            return -1;
        result = 1;
    }
    return result;
}

/* ---- users and their groups ---- */

static bool is_in_group(const char *user, const char *list)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL)
        return false;
    (void)getgrouplist(user, entry->pw_gid, groups, &count);
    for (int i = 0; i < count && i < GROUPS_MAX; i++) {
        const struct group *group = getgrgid(groups[i]);
        int result = group != NULL ? matches_list(SSHD_GROUP, group->gr_name, list) : 0;
        if (result != 0)
            return result > 0;
    }
    return false;
}

static bool meets(enum sshd_criterion what, const char *value, const char *list)
{
    return what == SSHD_GROUP ? is_in_group(value, list) : matches_list(what, value, list) == 1;
}

/* True if a value meets all lists of a criterion; a user also those of the groups. */
static bool meets_all(const struct sshd_criteria *criteria, enum sshd_criterion what,
                      const char *value)
{
    for (size_t i = 0; criteria != NULL && i < criteria->count; i++) {
        enum sshd_criterion other = criteria->at[i].what;
        bool same = other == what || (what == SSHD_USER && other == SSHD_GROUP);
        if (same && !meets(other, value, criteria->at[i].list))
            return false;
    }
    return true;
}

static bool has_criterion(const struct sshd_criteria *criteria, enum sshd_criterion what)
{
    for (size_t i = 0; criteria != NULL && i < criteria->count; i++)
        if (criteria->at[i].what == what ||
            (what == SSHD_USER && criteria->at[i].what == SSHD_GROUP))
            return true;
    return false;
}

/* True if a block has these criteria, or is one of the two whose lists they were joined from. */
static bool is_part(const struct sshd_criteria *block, const struct sshd_criteria *criteria)
{
    bool part = block == criteria;
    for (size_t i = 0; !part && criteria != NULL && block->count > 0 && i < criteria->count; i++)
        part = criteria->at[i].list == block->at[0].list;
    return part;
}

/* Counts the other blocks that apply to such a value. */
static size_t count_others(const struct sshd_setting *setting, const struct sshd_criteria *own,
                           enum sshd_criterion what, const char *value)
{
    size_t count = 0;
    for (size_t i = 0; i < setting->count; i++) {
        const struct sshd_criteria *block = &setting->blocks[i];
        count +=
            !is_part(block, own) && has_criterion(block, what) && meets_all(block, what, value);
    }
    return count;
}

/* ---- candidates ---- */

/*
 * The search for the value of one criterion. The best value is one to which no other block applies,
 * since sshd's answer is then due to this block. If the search took alice for "Match Group staff"
 * although an earlier block is for her, it would miss the effect on the rest of the group.
 */
struct search {
    const struct sshd_criteria *criteria;
    const struct sshd_setting *setting;
    enum sshd_criterion what;
    bool open; /* the criteria leave it open */
    char *field;
    size_t size;
    bool found;
    size_t others; /* number of other blocks that apply to the value */
};

static void try_value(struct search *search, const char *value)
{
    if ((search->found && search->others == 0) || strchr(value, ',') != NULL ||
        strlen(value) >= search->size || !meets_all(search->criteria, search->what, value))
        return;
    size_t others = count_others(search->setting, search->criteria, search->what, value);
    if (search->found && others >= search->others)
        return;
    (void)snprintf(search->field, search->size, "%s", value);
    search->others = others;
    search->found = true;
}

static void try_address(struct search *search, const struct address *address, int step)
{
    char text[INET6_ADDRSTRLEN];
    struct address near = *address;
    for (size_t i = near.count; step != 0 && i-- > 0;) {
        int sum = near.bytes[i] + step;
        near.bytes[i] = (unsigned char)sum;
        step = sum > 255 ? 1 : sum < 0 ? -1 : 0;
    }
    if (inet_ntop(near.count == 4 ? AF_INET : AF_INET6, near.bytes, text, sizeof(text)) != NULL)
        try_value(search, text);
}

/*
 * Adds the addresses at the edges of a network, inside and outside: overlapping networks end there.
 */
static bool try_network(struct search *search, const char *item)
{
    struct address first;
    struct address last;
    if (!read_network(item, &first, &last))
        return false;
    try_address(search, &first, 1);
    try_address(search, &last, -1);
    try_address(search, &first, 0);
    try_address(search, &first, -1);
    try_address(search, &last, 1);
    return true;
}

/* Adds a pattern with its wildcards filled in, in several ways. */
static void try_pattern(struct search *search, const char *item)
{
    static const char *const fills[] = {"1", "", "x", "10.1"};
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        char value[2 * ITEM_MAX] = "";
        size_t used = 0;
        for (const char *at = item; *at != '\0' && used + 8 < sizeof(value); at++) {
            const char one[] = {(char)(*at == '?' ? '1' : *at), '\0'};
            used += (size_t)snprintf(value + used, sizeof(value) - used, "%s",
                                     *at == '*' ? fills[i] : one);
        }
        if (search->what == SSHD_HOST)
            lower(value);
        try_value(search, value);
    }
}

static void try_lists(struct search *search)
{
    char item[ITEM_MAX];
    bool negated = false;
    for (size_t i = 0; search->criteria != NULL && i < search->criteria->count; i++) {
        if (search->criteria->at[i].what != search->what)
            continue;
        const char *at = search->criteria->at[i].list;
        while ((at = next_item(at, item, sizeof(item), &negated)) != NULL) {
            bool literal = strpbrk(item, "*?") == NULL;
            bool network = (search->what == SSHD_ADDRESS || search->what == SSHD_LOCAL_ADDRESS) &&
                           try_network(search, item);
            if (!network && literal && !negated)
                try_pattern(search, item);
        }
    }
}

/* Adds the addresses just outside the networks of other blocks, to which these do not apply. */
static void try_other_networks(struct search *search)
{
    char item[ITEM_MAX];
    bool negated = false;
    for (size_t i = 0; i < search->setting->count; i++) {
        const struct sshd_criteria *block = &search->setting->blocks[i];
        for (size_t n = 0; n < block->count; n++) {
            const char *at = block->at[n].list;
            while (block->at[n].what == search->what &&
                   (at = next_item(at, item, sizeof(item), &negated)) != NULL)
                (void)try_network(search, item);
        }
    }
}

static void fill_lists(struct search *search)
{
    char item[ITEM_MAX];
    bool negated = false;
    for (size_t i = 0; search->criteria != NULL && i < search->criteria->count; i++) {
        const char *at = search->criteria->at[i].list;
        while (search->criteria->at[i].what == search->what &&
               (at = next_item(at, item, sizeof(item), &negated)) != NULL)
            if (!negated)
                try_pattern(search, item);
    }
}

/* Members of a group need not be among the accounts that can be listed. Copies their names: looking
 * up an account ends a walk through a group. */
static void try_members(struct search *search)
{
    char item[ITEM_MAX];
    bool negated = false;
    for (size_t i = 0; search->criteria != NULL && i < search->criteria->count; i++) {
        const char *at = search->criteria->at[i].list;
        while (search->criteria->at[i].what == SSHD_GROUP &&
               (at = next_item(at, item, sizeof(item), &negated)) != NULL) {
            const struct group *group = negated ? NULL : getgrnam(item);
            char *members[GROUPS_MAX];
            size_t count = 0;
            while (group != NULL && count < GROUPS_MAX && group->gr_mem[count] != NULL &&
                   (members[count] = strdup(group->gr_mem[count])) != NULL)
                count++;
            for (size_t n = 0; n < count; n++) {
                try_value(search, members[n]);
                free(members[n]);
            }
        }
    }
}

static bool is_user(const struct passwd *entry)
{
    return entry->pw_uid >= UID_PEOPLE_MIN && entry->pw_uid != UID_NOBODY;
}

/* Adds regular users first. Copies the names: looking up an account ends a walk through them. */
static void try_accounts(struct search *search)
{
    char *names[2][USERS_MAX] = {{NULL}};
    size_t counts[2] = {0, 0};
    const struct passwd *entry = NULL;
    setpwent();
    while ((entry = getpwent()) != NULL) {
        size_t kind = !is_user(entry);
        if (counts[kind] < USERS_MAX &&
            (names[kind][counts[kind]] = strdup(entry->pw_name)) != NULL)
            counts[kind]++;
    }
    endpwent();
    for (size_t kind = 0; kind < 2; kind++)
        for (size_t i = 0; i < counts[kind]; i++) {
            /* Only a regular user can stand for anybody. */
            if (kind == 0 || !search->open)
                try_value(search, names[kind][i]);
            free(names[kind][i]);
        }
}

/* ---- building ---- */

/* Addresses for documentation, RFC 5737 and RFC 3849. */
static const char *const addresses[] = {"192.0.2.1",   "198.51.100.1", "203.0.113.1",
                                        "2001:db8::1", "100.64.0.1",   NULL};
static const char *const local_addresses[] = {"192.0.2.2",   "198.51.100.2", "203.0.113.2",
                                              "2001:db8::2", "100.64.0.2",   NULL};
static const char *const users[] = {"somebody", "anybody", "another", NULL};
static const char *const rdomains[] = {"", "default", NULL};

static const char *const names[] = {"User",         "Group",     "Host",    "Address",
                                    "LocalAddress", "LocalPort", "RDomain", "Version"};

static bool find_value(struct search *search, const char *const *defaults)
{
    search->open = !has_criterion(search->criteria, search->what);
    search->field[0] = '\0';
    try_lists(search);
    if (search->what == SSHD_USER) {
        try_members(search);
        try_accounts(search);
    }
    for (; *defaults != NULL; defaults++)
        try_value(search, *defaults);
    fill_lists(search);
    if (search->what == SSHD_ADDRESS || search->what == SSHD_LOCAL_ADDRESS)
        try_other_networks(search);
    return search->found;
}

/* Lists with only negated items never match; no other list is known never to match. */
static bool is_void(const char *list)
{
    char item[ITEM_MAX];
    bool negated = false;
    for (const char *at = list; (at = next_item(at, item, sizeof(item), &negated)) != NULL;)
        if (!negated)
            return false;
    return true;
}

static enum sshd_match look_at(const struct sshd_criteria *criteria,
                               const struct sshd_setting *setting, struct problem *problem)
{
    for (size_t i = 0; i < criteria->count; i++) {
        const char *list = criteria->at[i].list;
        if (criteria->at[i].what == SSHD_INVALID_USER)
            return SSHD_MATCH_NEVER; /* without an account, nobody gets in */
        if (criteria->at[i].what == SSHD_UNKNOWN) {
            (void)problem_set(problem, "swmfactl does not know the criterion \"%s\"", list);
            return SSHD_MATCH_UNKNOWN;
        }
        if (is_void(list))
            return SSHD_MATCH_NEVER;
        if (criteria->at[i].what == SSHD_VERSION && setting->version != NULL &&
            matches_list(SSHD_VERSION, setting->version, list) != 1)
            return SSHD_MATCH_NEVER;
    }
    if (!criteria->too_many)
        return SSHD_MATCH_BUILT;
    (void)problem_set(problem, "it has more than %d criteria", SSHD_CRITERIA_MAX);
    return SSHD_MATCH_UNKNOWN;
}

static enum sshd_match take_user(const struct sshd_criteria *criteria,
                                 const struct sshd_setting *setting, const char *user,
                                 struct sshd_connection *connection, struct problem *problem)
{
    struct search search = {.criteria = criteria,
                            .setting = setting,
                            .what = SSHD_USER,
                            .field = connection->user,
                            .size = sizeof(connection->user)};
    if (user != NULL) {
        if (!put(connection->user, sizeof(connection->user), user, strlen(user)))
            return SSHD_MATCH_UNKNOWN;
        return meets_all(criteria, SSHD_USER, user) ? SSHD_MATCH_BUILT : SSHD_MATCH_NEVER;
    }
    if (find_value(&search, users))
        return SSHD_MATCH_BUILT;
    (void)problem_set(problem, "no account of this system meets its User and Group criteria");
    return SSHD_MATCH_UNKNOWN;
}

enum sshd_match sshdmatch_build(const struct sshd_criteria *criteria,
                                const struct sshd_setting *setting, const char *user,
                                struct sshd_connection *connection, struct problem *problem)
{
    const char *const host[] = {connection->address, NULL};
    struct {
        enum sshd_criterion what;
        char *field;
        size_t size;
        const char *const *defaults;
    } const parts[] = {
        {SSHD_ADDRESS, connection->address, sizeof(connection->address), addresses},
        /* Without UseDNS, the host is the address. */
        {SSHD_HOST, connection->host, sizeof(connection->host), host},
        {SSHD_LOCAL_ADDRESS, connection->local_address, sizeof(connection->local_address),
         local_addresses},
        {SSHD_LOCAL_PORT, connection->local_port, sizeof(connection->local_port), setting->ports},
        {SSHD_RDOMAIN, connection->rdomain, sizeof(connection->rdomain), rdomains},
    };
    *connection = (struct sshd_connection){0};
    enum sshd_match match =
        criteria != NULL ? look_at(criteria, setting, problem) : SSHD_MATCH_BUILT;
    if (match == SSHD_MATCH_BUILT)
        match = take_user(criteria, setting, user, connection, problem);
    for (size_t i = 0; match == SSHD_MATCH_BUILT && i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct search search = {.criteria = criteria,
                                .setting = setting,
                                .what = parts[i].what,
                                .field = parts[i].field,
                                .size = parts[i].size};
        if (!find_value(&search, parts[i].defaults)) {
            (void)problem_set(problem, "swmfactl finds no connection that meets its %s criterion",
                              names[parts[i].what]);
            match = SSHD_MATCH_UNKNOWN;
        }
    }
    return match;
}
