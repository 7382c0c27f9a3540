/* SPDX-License-Identifier: BSD-3-Clause */
/* privilege: see privilege.h. */
#include <config.h>

#include "auth/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The caller of a setuid program chose its limits, its priority and its timer slack. Limits that
 * are too low for a request are raised if root may; in some containers it may not, and then a
 * request can fail, which is a denial. Only the limit on core files must succeed.
 */
static bool shed_limits(void)
{
    static const struct {
        int resource;
        rlim_t enough;
    } limits[] = {
        {RLIMIT_NOFILE, 256},
        {RLIMIT_NPROC, RLIM_INFINITY},
        {RLIMIT_AS, (rlim_t)1 << 32U},
        {RLIMIT_DATA, (rlim_t)1 << 30U},
        {RLIMIT_STACK, (rlim_t)1 << 20U},
        {RLIMIT_CPU, 60},
        {RLIMIT_FSIZE, RLIM_INFINITY},
    };
    const struct rlimit none = {0, 0};
    const struct sched_param normal = {0};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        __rlimit_resource_t resource = (__rlimit_resource_t)limits[i].resource;
        struct rlimit limit;
        if (getrlimit(resource, &limit) != 0 || limit.rlim_cur >= limits[i].enough)
            continue;
        limit.rlim_cur = limits[i].enough;
        if (limit.rlim_max < limit.rlim_cur)
            limit.rlim_max = limit.rlim_cur;
        (void)setrlimit(resource, &limit);
    }
    (void)prctl(PR_SET_TIMERSLACK, 50000UL, 0L, 0L, 0L);
    if (sched_getscheduler(0) != SCHED_OTHER)
        (void)sched_setscheduler(0, SCHED_OTHER, &normal);
    if (getpriority(PRIO_PROCESS, 0) > 0)
        (void)setpriority(PRIO_PROCESS, 0, 0);
    return setrlimit(RLIMIT_CORE, &none) == 0;
}

bool privilege_prepare(struct problem *problem)
{
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        return problem_set(problem, "/dev/null: %s", strerror(errno));
    if (null > 2)
        close(null);
    umask(077);
    if (chdir("/") != 0 || prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
        return problem_set(problem, "the process cannot be prepared: %s", strerror(errno));
    if (geteuid() != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0)
        return problem_set(problem, "the application must run as root, not as uid %u",
                           (unsigned)geteuid());
    if (!shed_limits())
        return problem_set(problem, "core files cannot be disabled: %s", strerror(errno));
    return true;
}

/* Uids alone are not enough where the securebits keep the capabilities of a uid that is left. */
static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    return syscall(SYS_capset, &header, none) == 0;
}

static bool nothing_is_left(uid_t uid, gid_t gid)
{
    uid_t uids[3];
    gid_t gids[3];
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3] = {0};

    if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
        getresgid(&gids[0], &gids[1], &gids[2]) != 0 || syscall(SYS_capget, &header, left) != 0 ||
        getgroups(0, NULL) != 0)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (uids[i] != uid || gids[i] != gid)
            return false;
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        if (left[i].effective != 0 || left[i].permitted != 0 || left[i].inheritable != 0)
            return false;
    return prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1 &&
           prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 0 && setresuid(0, 0, 0) != 0 &&
           setresgid(0, 0, 0) != 0;
}

bool privilege_drop(struct problem *problem)
{
    errno = 0;
    const struct passwd *user = getpwnam(SWMFA_USER);
    if (user == NULL)
        return problem_set(problem, "the user " SWMFA_USER " %s%s; create it as a system user",
                           errno == 0 ? "does not exist" : "cannot be looked up: ",
                           errno == 0 ? "" : strerror(errno));
    uid_t uid = user->pw_uid;
    gid_t gid = user->pw_gid;
    if (uid == 0 || gid == 0)
        return problem_set(problem, "the user " SWMFA_USER " must have a uid and a gid of its own");
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0 ||
        !drop_capabilities() || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 ||
        prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
        return problem_set(problem, "cannot become " SWMFA_USER ": %s", strerror(errno));
    if (!nothing_is_left(uid, gid))
        return problem_set(problem, "became " SWMFA_USER " but kept a privilege of root");
    return true;
}
