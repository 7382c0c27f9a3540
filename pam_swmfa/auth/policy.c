/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy: decides who needs a code, by user and network: [policy] of swmfa.conf.
 *
 * A user passes here if a list has the user (exempt_groups, exempt_networks), or if a list does not
 * (require_groups). For the second, a failed look-up must not count as "not found": so a group is
 * looked up by its own name with getgrnam, which tells a failure from a missing member, and a group
 * that is not found is a failure as well.
 */
#include <config.h>

#include "auth/login_internal.h"
#include "base/log.h"
#include "config/network.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#define GROUPS_MAX 65536 /* NGROUPS_MAX of Linux */

bool name_is_own(struct login *login)
{
    errno = 0;
    const struct passwd *account = getpwnam(login->user);
    if (account != NULL && strcmp(account->pw_name, login->user) == 0)
        return true;
    return problem_set(&login->problem, account != NULL
                                            ? "the account's own name is spelled differently"
                                            : "the account cannot be looked up");
}

/* ---- lists ---- */

static bool is_item(const char *list, const char *word)
{
    const char *item = NULL;
    size_t length = 0;
    while ((item = key_next_item(&list, &length)) != NULL)
        if (strlen(word) == length && memcmp(word, item, length) == 0)
            return true;
    return false;
}

/* Returns the network that an address is in, or NULL. */
static const char *find_network(const char *list, const char *address, size_t *length)
{
    const char *item = NULL;
    struct network network;
    struct problem ignored = {0};
    while ((item = key_next_item(&list, length)) != NULL)
        if (network_read(item, *length, &network, &ignored) && network_holds(&network, address))
            return item;
    return NULL;
}

/* ---- groups ---- */

/* The system's data on the user, looked up once. */
struct membership {
    const char *user;
    gid_t primary;
    gid_t groups[GROUPS_MAX]; /* of initgroups(3) */
    int count;
};

static bool look_up_user(struct login *login, struct membership *member)
{
    errno = 0;
    const struct passwd *account = getpwnam(login->user);
    if (account == NULL)
        return problem_set(&login->problem, "the groups of the user cannot be looked up: %s",
                           errno != 0 ? strerror(errno) : "no such user");
    member->user = login->user;
    member->primary = account->pw_gid;
    member->count = GROUPS_MAX;
    if (getgrouplist(login->user, account->pw_gid, member->groups, &member->count) < 0)
        return problem_set(&login->problem, "the groups of the user cannot be looked up");
    return true;
}

static bool in_group(const struct membership *member, const struct group *group)
{
    if (group->gr_gid == member->primary)
        return true;
    for (int i = 0; i < member->count; i++)
        if (member->groups[i] == group->gr_gid)
            return true;
    for (char **name = group->gr_mem; name != NULL && *name != NULL; name++)
        if (strcmp(*name, member->user) == 0)
            return true;
    return false;
}

enum found {
    FOUND,
    FOUND_NOT,
    FOUND_FAILED,
};

/* The group of that name in the list has the user. */
static enum found look_into(struct login *login, const char *key, const char *name,
                            const struct membership *member)
{
    errno = 0;
    const struct group *group = getgrnam(name);
    if (group != NULL)
        return in_group(member, group) ? FOUND : FOUND_NOT;
    problem_set(&login->problem, "%s: the group %s %s%s", key, name,
                errno != 0 ? "cannot be looked up: " : "does not exist",
                errno != 0 ? strerror(errno) : "");
    return FOUND_FAILED;
}

/* Looks for the user in each group of a list; item is the first that has him. */
static enum found find_group(struct login *login, const char *key, const char *list,
                             const struct membership *member, const char **item, size_t *length)
{
    enum found result = FOUND_NOT;
    const char *next = NULL;
    size_t size = 0;
    while ((next = key_next_item(&list, &size)) != NULL) {
        char name[KEY_TEXT_MAX + 1] = "";
        memcpy(name, next, size);
        enum found found = look_into(login, key, name, member);
        if (found == FOUND_FAILED)
            return found;
        if (result == FOUND_NOT && found == FOUND) {
            result = FOUND;
            *item = next;
            *length = size;
        }
    }
    return result;
}

/*
 * There can be two groups of one name, in a file and in a directory, and getgrnam finds one of
 * them. So who was not found in a list is looked for by the names of all the groups that he is in.
 */
static enum found find_by_names(struct login *login, const char *list,
                                const struct membership *member)
{
    for (int i = 0; list != NULL && i < member->count; i++) {
        errno = 0;
        const struct group *group = getgrgid(member->groups[i]);
        if (group != NULL && is_item(list, group->gr_name))
            return FOUND;
        if (group == NULL && errno != 0 && errno != ENOENT) {
            problem_set(&login->problem,
                        "require_groups: the group with gid %u cannot be looked "
                        "up: %s",
                        (unsigned)member->groups[i], strerror(errno));
            return FOUND_FAILED;
        }
    }
    return FOUND_NOT;
}

/* ---- the decision ---- */

static bool exempt(struct login *login, const char *rule, const char *item, size_t length)
{
    problem_set(&login->problem, "%s%s%.*s", rule, length > 0 ? ": " : "",
                length < 200 ? (int)length : 200, item);
    return verdict(login, VERDICT_EXEMPT);
}

static bool apply_groups(struct login *login, const struct membership *member)
{
    const struct policy *policy = &login->config.policy;
    const char *item = "";
    size_t length = 0;
    enum found required =
        find_group(login, "require_groups", policy->require_groups, member, &item, &length);
    if (required == FOUND_NOT)
        required = find_by_names(login, policy->require_groups, member);
    if (required == FOUND_FAILED)
        return verdict(login, VERDICT_GROUPS);
    enum found exempted =
        find_group(login, "exempt_groups", policy->exempt_groups, member, &item, &length);
    if (exempted == FOUND_FAILED)
        return verdict(login, VERDICT_GROUPS);
    if (required == FOUND || (exempted == FOUND_NOT && policy->require_groups == NULL))
        return true;
    if (!name_is_own(login)) /* another spelling may have groups */
        return verdict(login, VERDICT_NAME_DIFFERS);
    if (exempted == FOUND)
        return exempt(login, "exempt_groups", item, length);
    return exempt(login, "in none of require_groups", "", 0);
}

bool policy_apply(struct login *login)
{
    const struct policy *policy = &login->config.policy;
    size_t length = 0;
    login->policy_holds =
        policy->services == NULL || is_item(policy->services, login->request->service);
    login->exempt_success = policy->exempt_result == EXEMPT_SUCCESS;
    if (!login->policy_holds) {
        log_debug("the policy is not for this service");
        return true;
    }
    const char *network = find_network(policy->exempt_networks, login->request->rhost, &length);
    if (network != NULL)
        return exempt(login, "exempt_networks", network, length);
    if (policy->exempt_groups == NULL && policy->require_groups == NULL)
        return true;
    static struct membership member;
    return look_up_user(login, &member) ? apply_groups(login, &member)
                                        : verdict(login, VERDICT_GROUPS);
}
