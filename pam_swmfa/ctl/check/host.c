/* SPDX-License-Identifier: BSD-3-Clause */
/* host: the part of `swmfactl check` that looks at what is installed: the programs, the
 * service user, and the store. */
#include <config.h>

#include "ctl/check/check.h"

#include "base/subprocess.h"
#include "config/file.h"
#include "store/store.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define INSTALL       "reinstall pam_swmfa: make install, or ./quickstart install"
#define START_SECONDS 10 /* for the helper to print its version */
#define SPACE_LEAST   ((unsigned long long)16 * 1024 * 1024) /* bytes */

/* ---- whose files and folders are ---- */

static bool owned_by_root(struct check *check, const char *id, const char *path,
                          const struct stat *status)
{
    char fix[LOCATION_SIZE];
    if (status->st_uid == 0)
        return true;
    (void)snprintf(fix, sizeof(fix), "chown root %s", path);
    findings_add(check->findings, SEVERITY_ERROR, id, path, fix,
                 "is owned by uid %u, who can replace it", (unsigned)status->st_uid);
    return false;
}

static bool written_by_root(struct check *check, const char *id, const char *path,
                            const struct stat *status)
{
    char fix[LOCATION_SIZE];
    if (S_ISDIR(status->st_mode) ? file_folder_look(status) != FILE_FOLDER_WRITABLE
                                 : (status->st_mode & 0022) == 0)
        return true;
    (void)snprintf(fix, sizeof(fix), "chmod go-w %s", path);
    findings_add(check->findings, SEVERITY_ERROR, id, path, fix,
                 "mode %04o: users other than root can replace it",
                 (unsigned)status->st_mode & 07777U);
    return false;
}

static bool is_roots(struct check *check, const char *id, const char *path,
                     const struct stat *status)
{
    bool owned = owned_by_root(check, id, path, status);
    return written_by_root(check, id, path, status) && owned;
}

static bool seen(struct check *check, const struct stat *status)
{
    size_t i = 0;
    while (i < check->folders &&
           (check->folder[i].device != status->st_dev || check->folder[i].inode != status->st_ino))
        i++;
    if (i < check->folders)
        return true;
    if (i < sizeof(check->folder) / sizeof(check->folder[0])) {
        check->folder[i].device = status->st_dev;
        check->folder[i].inode = status->st_ino;
        check->folders++;
    }
    return false;
}

struct way {
    struct check *check;
    bool safe;
};

static bool check_folder(const char *folder, const struct stat *status, void *context)
{
    struct way *way = context;
    way->safe = way->safe && file_folder_look(status) == FILE_FOLDER_SAFE;
    if (!seen(way->check, status))
        (void)is_roots(way->check, "folder", folder, status);
    return true;
}

bool check_folders(struct check *check, const char *path)
{
    struct way way = {check, true};
    (void)file_folders(path, check_folder, &way); /* a file that is missing is another finding */
    return way.safe;
}

/* ---- the programs ---- */

/* With set-uid, any user could run it as root. */
static bool has_no_set_id(struct check *check, const char *id, const char *path,
                          const struct stat *status)
{
    char fix[LOCATION_SIZE];
    if ((status->st_mode & (S_ISUID | S_ISGID)) == 0)
        return true;
    (void)snprintf(fix, sizeof(fix), "chmod ug-s %s", path);
    findings_add(check->findings, SEVERITY_ERROR, id, path, fix,
                 "mode %04o: must not be set-uid or set-gid", (unsigned)status->st_mode & 07777U);
    return false;
}

/* Checks that an installed file has its type, owner and mode. */
static bool check_file(struct check *check, const char *id, const char *path, mode_t needed)
{
    struct stat status;
    (void)check_folders(check, path);
    if (lstat(path, &status) != 0) {
        findings_add(check->findings, SEVERITY_ERROR, id, path, INSTALL,
                     "%s: every login that requires a code is denied", strerror(errno));
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        findings_add(check->findings, SEVERITY_ERROR, id, path, INSTALL, "is not a regular file");
        return false;
    }
    if (!is_roots(check, id, path, &status) || !has_no_set_id(check, id, path, &status))
        return false;
    if ((status.st_mode & needed) == needed)
        return true;
    char fix[LOCATION_SIZE];
    (void)snprintf(fix, sizeof(fix), "chmod 0755 %s", path);
    findings_add(check->findings, SEVERITY_ERROR, id, path, fix, "mode %04o: cannot be started",
                 (unsigned)status.st_mode & 07777U);
    return false;
}

static void check_version(struct check *check)
{
    static const char expected[] = "swmfa-auth (" PACKAGE_NAME ") " PACKAGE_VERSION;
    static const char *const argv[] = {SWMFA_AUTH_PATH, "--version", NULL};
    static const char *const no_environment[] = {NULL};
    struct problem ignored = {0};
    char printed[128] = "";
    char said[8] = "";
    const struct program helper = {.argv = argv,
                                   .environment = no_environment,
                                   .input = "",
                                   .output = {printed, sizeof(printed)},
                                   .errors = {said, sizeof(said)},
                                   .seconds = START_SECONDS};
    int status = program_run(&helper, &ignored);
    int error = errno;
    printed[strcspn(printed, "\n")] = '\0';
    if (status < 0)
        findings_add(check->findings, SEVERITY_ERROR, "helper-start", SWMFA_AUTH_PATH, INSTALL,
                     "cannot be started: %s", strerror(error));
    else if (strcmp(printed, expected) != 0)
        findings_add(check->findings, SEVERITY_ERROR, "helper-start", SWMFA_AUTH_PATH, INSTALL,
                     "expected the version \"%s\", found \"%s\"", expected, printed);
}

static void check_loads(struct check *check)
{
    void *module = dlopen(SWMFA_MODULE_PATH, RTLD_NOW | RTLD_LOCAL);
    if (module != NULL && dlsym(module, "pam_sm_authenticate") != NULL) {
        (void)dlclose(module);
        return;
    }
    const char *why = dlerror();
    findings_add(check->findings, SEVERITY_ERROR, "module-load", SWMFA_MODULE_PATH, INSTALL,
                 "PAM cannot load it: %s", why != NULL ? why : "it is not a PAM module");
    if (module != NULL)
        (void)dlclose(module);
}

void check_programs(struct check *check)
{
    if (check_file(check, "helper", SWMFA_AUTH_PATH, 0500))
        check_version(check);
    if (check_file(check, "module", SWMFA_MODULE_PATH, 0400))
        check_loads(check);
    check_examined(check, "helper");
    check_examined(check, "module");
}

/* ---- the service user ---- */

/* Looks for other accounts in /etc/passwd with the same uid, which can read the store, or with the
 * same group. */
static void check_alone(struct check *check, const struct passwd *user)
{
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *other = NULL;
    while (file != NULL && (other = fgetpwent(file)) != NULL) {
        if (strcmp(other->pw_name, SWMFA_USER) == 0)
            continue;
        if (other->pw_uid == user->pw_uid)
            findings_add(check->findings, SEVERITY_ERROR, "service-user-shared", SWMFA_USER,
                         "give " SWMFA_USER " a uid of its own, and make it the owner of the store",
                         "%s has the same uid %u: it can change the store, and read the "
                         "credentials from the helper's memory",
                         other->pw_name, (unsigned)user->pw_uid);
        else if (other->pw_gid == user->pw_gid)
            findings_add(check->findings, SEVERITY_WARNING, "service-user-shared", SWMFA_USER,
                         "give " SWMFA_USER " a group of its own", "%s has the same group %u",
                         other->pw_name, (unsigned)user->pw_gid);
    }
    if (file != NULL)
        (void)fclose(file);
}

static void check_shell(struct check *check, const char *shell)
{
    const char *name = strrchr(shell, '/');
    name = name != NULL ? name + 1 : shell;
    if (strcmp(name, "nologin") != 0 && strcmp(name, "false") != 0)
        findings_add(check->findings, SEVERITY_NOTE, "service-user-shell", SWMFA_USER,
                     "usermod --shell /usr/sbin/nologin " SWMFA_USER,
                     "has the shell %s, but needs none", *shell != '\0' ? shell : "/bin/sh");
}

bool check_service_user(struct check *check)
{
    static const char make[] = "useradd --system --user-group --home-dir /nonexistent --shell "
                               "/usr/sbin/nologin " SWMFA_USER;
    errno = 0;
    const struct passwd *found = getpwnam(SWMFA_USER);
    if (found == NULL) {
        findings_add(check->findings, SEVERITY_ERROR, "service-user", SWMFA_USER, make,
                     "%s: every login that requires a code is denied",
                     errno != 0 && errno != ENOENT ? strerror(errno) : "there is no such user");
        return false;
    }
    if (found->pw_uid == 0 || found->pw_gid == 0) {
        findings_add(check->findings, SEVERITY_ERROR, "service-user", SWMFA_USER,
                     "give it a uid and a gid of its own",
                     "has the uid %u and the gid %u, and neither may be root's: every login that "
                     "requires a code is denied",
                     (unsigned)found->pw_uid, (unsigned)found->pw_gid);
        return false;
    }
    const struct passwd user = {.pw_uid = found->pw_uid, .pw_gid = found->pw_gid};
    check_shell(check, found->pw_shell);
    check_alone(check, &user);
    check_examined(check, "user " SWMFA_USER);
    return true;
}

/* ---- the store ---- */

/* Restoring a backup as root by hand leaves files with a wrong owner or mode. */
static bool check_store_file(struct check *check, int folder, const char *name, uid_t owner)
{
    struct stat status;
    char path[LOCATION_SIZE];
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return true; /* it was removed in the meantime */
    (void)snprintf(path, sizeof(path), STORE_FOLDER "/%s", name);
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
        /* The service user can have put it here, and a program of root's would follow it. */
        findings_add(
            check->findings, SEVERITY_ERROR, "store-file", path,
            "find out who created it; then run swmfactl store restore --replace FILE, or swmfactl "
            "store reset --force",
            "expected a regular file with one link: every login that requires a code is denied");
        return false;
    }
    if (status.st_uid == owner && (status.st_mode & 07777U) == 0600U)
        return true;
    findings_add(
        check->findings, SEVERITY_ERROR, "store-file", path,
        status.st_uid == owner ? "swmfactl store repair"
                               : "swmfactl store restore --replace FILE, with a backup made by "
                                 "swmfactl store backup; without one: swmfactl store reset --force",
        "expected owner " SWMFA_USER
        " and mode 0600, found uid %u and mode %04o: every login that requires a code is denied",
        (unsigned)status.st_uid, (unsigned)status.st_mode & 07777U);
    return false;
}

static bool check_store_files(struct check *check, uid_t owner)
{
    bool good = true;
    DIR *folder = opendir(STORE_FOLDER);
    int fd = folder != NULL ? dirfd(folder) : -1;
    const struct dirent *entry = NULL;
    while (fd >= 0 && (entry = readdir(folder)) != NULL)
        if (strncmp(entry->d_name, STORE_FILE, sizeof(STORE_FILE) - 1) == 0)
            good = check_store_file(check, fd, entry->d_name, owner) && good;
    if (folder != NULL)
        (void)closedir(folder);
    return good;
}

static void check_space(struct check *check)
{
    struct statvfs space;
    if (statvfs(STORE_FOLDER, &space) != 0)
        return; /* check_store reports why */
    unsigned long long bytes = (unsigned long long)space.f_bavail * space.f_frsize;
    if ((space.f_flag & ST_RDONLY) != 0)
        findings_add(check->findings, SEVERITY_ERROR, "store-read-only", STORE_FOLDER,
                     "remount it writable: mount -o remount,rw",
                     "the file system is read-only: every login that requires a code is denied");
    else if (bytes < SPACE_LEAST)
        findings_add(check->findings, SEVERITY_WARNING, "store-space", STORE_FOLDER,
                     "free space on it",
                     "the file system has %llu KiB left: once it is full, every login that "
                     "requires a code is denied",
                     bytes / 1024);
    else if (space.f_files > 0 && space.f_favail < 16)
        findings_add(check->findings, SEVERITY_WARNING, "store-space", STORE_FOLDER,
                     "remove files from it", "the file system has %llu inodes left",
                     (unsigned long long)space.f_favail);
}

bool check_state(struct check *check)
{
    const struct passwd *user = getpwnam(SWMFA_USER);
    check_space(check);
    return user != NULL && check_store_files(check, user->pw_uid);
}

void check_store(struct check *check)
{
    struct problem problem = {0};
    int64_t version = 0;
    int64_t now = 0;
    check_examined(check, "store");
    if (!store_examine(STORE_FOLDER, &version, &now, &problem))
        check_problem(check, SEVERITY_ERROR, "store", STORE_FOLDER,
                      "see pam_swmfa(8), STORE; until it is fixed, every login that requires a "
                      "code is denied",
                      &problem);
    else if (version == 0)
        findings_add(check->findings, SEVERITY_NOTE, "store-none", STORE_FOLDER "/" STORE_FILE, "",
                     "does not exist yet: the first login creates it; if there was one before, its "
                     "counts, locks and break-glass codes are lost");
    else if (version < now)
        findings_add(check->findings, SEVERITY_NOTE, "store-version", STORE_FOLDER "/" STORE_FILE,
                     "", "has version %" PRId64 ": the next login upgrades it to version %" PRId64,
                     version, now);
}
