/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * backup: store backup, store restore, store reset, store repair.
 *
 * The store's folder is the service user's, who may have put anything there: links, pipes,
 * journals. So only that user's process enters it, and that process gets no path and no descriptor
 * of root's: the bytes of a backup go through a pipe, or are in memory. Root's part is the backup
 * file alone, in a folder that only root changes.
 */
#include <config.h>

#include "ctl/command.h"
#include "ctl/relay.h"

#include "base/log.h"
#include "config/file.h"
#include "store/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKUP_MOST ((size_t)1 << 30) /* bytes: all of it is in memory for a moment */

enum {
    KEY_FORCE = COMMAND_KEY,
    KEY_REPLACE,
    KEY_CODES,
};

/* The options of the command line. */
static struct {
    bool force;
    bool replace;
    bool codes;
    bool dry_run;
} order;

static error_t option(int key, char *argument, struct argp_state *state)
{
    (void)argument;
    switch (key) {
    case KEY_FORCE:
        order.force = true;
        return 0;
    case KEY_REPLACE:
        order.replace = true;
        return 0;
    case KEY_CODES:
        order.codes = true;
        return 0;
    case 'n':
        order.dry_run = true;
        return 0;
    case ARGP_KEY_END:
        if (order.dry_run && order.replace)
            argp_error(state, "--dry-run and --replace cannot be combined");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- root's file ---- */

/* The file of a backup, in its folder. */
struct target {
    const char *path;
    const char *name; /* the end of path */
    int folder;
    int fd;
    char beside[32]; /* the name that it has until it is whole */
};

/* Opens the folder, in which only root may replace root's files, or the folder itself: a restore
 * reads no backup from another one. */
static bool open_folder(struct target *target, const char *path, struct problem *problem)
{
    char folder[PATH_MAX];
    char way[PATH_MAX + 2];
    struct stat status;
    const char *slash = strrchr(path, '/');
    *target = (struct target){.path = path, .name = slash != NULL ? slash + 1 : path, .fd = -1};
    int length = slash == NULL ? 0 : slash == path ? 1 : (int)(slash - path);
    (void)snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? length : 1,
                   slash != NULL ? path : ".");
    target->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target->folder < 0 || fstat(target->folder, &status) != 0) {
        problem_set(problem, "%s: %s", folder, strerror(errno));
        return false;
    }
    if (*target->name == '\0' || strlen(target->name) > NAME_MAX)
        return problem_set(problem, "%s: expected the path of a file", path);
    if (status.st_uid == 0 && ((status.st_mode & 0022U) == 0 || (status.st_mode & S_ISVTX) != 0)) {
        (void)snprintf(way, sizeof(way), "%s/.", folder);
        return file_check_folders(way, problem);
    }
    return problem_set(problem,
                       "%s: users other than root can change this directory; use one that "
                       "only root can",
                       folder);
}

static void close_target(struct target *target)
{
    if (target->fd >= 0)
        close(target->fd);
    if (target->folder >= 0)
        close(target->folder);
}

/* True if the name is free, or may be replaced. */
static bool may_take_name(const struct target *target, struct problem *problem)
{
    struct stat status;
    if (fstatat(target->folder, target->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || problem_set(problem, "%s: %s", target->path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return problem_set(problem, "%s: is not a regular file", target->path);
    return order.force ||
           problem_set(problem, "%s: already exists; --force replaces it", target->path);
}

static bool make_beside(struct target *target, struct problem *problem)
{
    unsigned number = 0;
    if (getrandom(&number, sizeof(number), 0) == (ssize_t)sizeof(number)) {
        (void)snprintf(target->beside, sizeof(target->beside), ".swmfactl.%08x", number);
        target->fd = openat(target->folder, target->beside,
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (target->fd < 0)
        problem_set(problem, "%s: cannot be created: %s", target->path, strerror(errno));
    return target->fd >= 0;
}

/* If a file system cannot rename without replacing, a second name does the same. */
static bool give_name(const struct target *target)
{
    if (order.force)
        return renameat(target->folder, target->beside, target->folder, target->name) == 0;
    if (renameat2(target->folder, target->beside, target->folder, target->name, RENAME_NOREPLACE) ==
        0)
        return true;
    return errno == EINVAL &&
           linkat(target->folder, target->beside, target->folder, target->name, 0) == 0 &&
           unlinkat(target->folder, target->beside, 0) == 0;
}

static bool finish(const struct target *target, struct problem *problem)
{
    if (fsync(target->fd) == 0 && give_name(target) && fsync(target->folder) == 0)
        return true;
    problem_set(problem, "%s: %s", target->path, strerror(errno));
    (void)unlinkat(target->folder, target->beside, 0);
    return false;
}

/* ---- backup ---- */

/* The bytes of a backup. A store that was lost must not replace the backup of it. */
static unsigned char *read_store(struct ctl_context *ctl, size_t *size)
{
    if (!ctl_open_store(ctl))
        return NULL;
    if (store_is_new(ctl->store)) {
        problem_set(&ctl->problem, "there was no store, and nothing to save");
        return NULL;
    }
    unsigned char *image = store_image(ctl->store, size);
    if (image == NULL)
        (void)ctl_store_failed(ctl);
    return image;
}

/* Runs in the service user's process, whose standard output is the file. */
static enum ctl_status send_image(struct ctl_context *ctl)
{
    size_t size = 0;
    ctl->output = "the backup";
    unsigned char *image = read_store(ctl, &size);
    if (image == NULL)
        return CTL_FAILED;
    (void)fwrite(image, 1, size, stdout);
    store_free_image(image);
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

static enum ctl_status say_saved(struct ctl_context *ctl)
{
    char path[512];
    (void)log_escape(path, sizeof(path), ctl->argv[0], "");
    ctl_changed(ctl, "store saved to %s", path);
    (void)printf("%s: saved; it holds hashes of break-glass codes: let only root read it\n", path);
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

static enum ctl_status save(struct ctl_context *ctl, struct target *target)
{
    const struct relay relay = {.output = target->fd, .raw = true, .most = BACKUP_MOST};
    int status = CTL_FAILED;
    switch (relay_fork(&relay, &status, &ctl->problem)) {
    case RELAY_CHILD:
        target->fd = target->folder = -1; /* closed; the numbers may be something else's now */
        return send_image(ctl);
    case RELAY_ROOT:
        if (status == CTL_DONE)
            return finish(target, &ctl->problem) ? say_saved(ctl) : CTL_FAILED;
        (void)unlinkat(target->folder, target->beside, 0);
        exit(status); /* the child has reported the reason */
    case RELAY_FAILED:
        (void)unlinkat(target->folder, target->beside, 0);
        break;
    case RELAY_UNFIT:
        target->fd = target->folder = -1;
        break;
    }
    return CTL_FAILED;
}

static enum ctl_status run_backup(struct ctl_context *ctl)
{
    struct target target;
    enum ctl_status status = CTL_FAILED;
    if (open_folder(&target, ctl->argv[0], &ctl->problem) &&
        may_take_name(&target, &ctl->problem) && make_beside(&target, &ctl->problem))
        status = save(ctl, &target);
    close_target(&target);
    return status;
}

/* ---- restore ---- */

/* Runs as root. A second name of a file could have been made by somebody else. */
static char *read_backup(struct ctl_context *ctl, size_t *size)
{
    struct target target;
    struct stat status;
    const char *path = ctl->argv[0];
    char *bytes = NULL;
    if (!open_folder(&target, path, &ctl->problem))
        ;
    else if (fstatat(target.folder, target.name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
             S_ISREG(status.st_mode) && status.st_nlink != 1)
        problem_set(&ctl->problem, "%s: has another name, a hard link: give a copy", path);
    else
        bytes = file_read_large(path, FILE_PUBLIC, BACKUP_MOST, size, &ctl->problem);
    close_target(&target);
    return bytes;
}

/* The restore itself, in the service user's process. */
struct restore {
    struct ctl_context *ctl;
    struct store *backup;
    struct restored restored;
};

static bool add_backup(struct store *store, void *context)
{
    struct restore *restore = context;
    return restore_from(store, restore->backup, order.codes, &restore->restored);
}

static bool add_to_store(struct restore *restore)
{
    struct ctl_context *ctl = restore->ctl;
    if (!ctl_open_store(ctl) || !ctl_begin(ctl, STORE_WRITE))
        return false;
    if (!add_backup(ctl->store, restore))
        return ctl_store_failed(ctl);
    if (!order.dry_run)
        return store_commit(ctl->store) || ctl_store_failed(ctl);
    store_cancel(ctl->store);
    return true;
}

static bool replace_store(struct ctl_context *ctl, bool (*with)(struct store *store, void *context),
                          void *context)
{
    char aside[64];
    if (!store_replace(STORE_FOLDER, with, context, aside, sizeof(aside), &ctl->problem))
        return false;
    (void)printf("The old store is in " STORE_FOLDER "/%s.\n", aside);
    return true;
}

static void say_restored(const struct restored *restored)
{
    (void)printf("Restored: %" PRId64 " sends, failures or locks of %" PRId64 " users, %" PRId64
                 " logins, %" PRId64 " break-glass codes.\n"
                 "Not restored: %" PRId64 " break-glass codes, %" PRId64
                 " remembered logins, %" PRId64 " bypasses.\n",
                 restored->sends, restored->users, restored->logins, restored->codes,
                 restored->codes_left, restored->places, restored->passes);
    if (restored->codes > 0)
        (void)printf(
            "Codes used or made void since the backup work again: swmfactl codes USER makes "
            "new ones.\n");
    else if (restored->codes_left > 0 && !order.codes)
        (void)printf("Some of those codes may have been used since: make new ones with swmfactl "
                     "codes USER, or restore them with --codes.\n");
}

static enum ctl_status restore(struct ctl_context *ctl, struct restore *restore)
{
    char path[512];
    bool good = order.replace ? replace_store(ctl, add_backup, restore) : add_to_store(restore);
    const struct problem *why = store_problem(restore->backup);
    if (!good && *why->text != '\0')
        ctl->problem = *why;
    if (!good)
        return CTL_FAILED;
    (void)log_escape(path, sizeof(path), ctl->argv[0], "");
    if (!order.dry_run)
        ctl_changed(ctl, "store restored from %s%s%s", path, order.replace ? ", replaced" : "",
                    order.codes ? ", with break-glass codes" : "");
    say_restored(&restore->restored);
    if (order.dry_run)
        (void)printf("Nothing was changed (--dry-run).\n");
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

static enum ctl_status run_restore(struct ctl_context *ctl)
{
    size_t size = 0;
    struct restore this = {.ctl = ctl};
    char *bytes = read_backup(ctl, &size);
    if (bytes == NULL)
        return CTL_FAILED;
    if (ctl_leave_root(ctl))
        this.backup =
            store_open_image((const unsigned char *)bytes, size, ctl->argv[0], &ctl->problem);
    free(bytes);
    enum ctl_status status = this.backup != NULL ? restore(ctl, &this) : CTL_FAILED;
    store_close(this.backup);
    return status;
}

/* ---- reset, repair ---- */

static enum ctl_status run_reset(struct ctl_context *ctl)
{
    if (!order.force) {
        problem_set(&ctl->problem,
                    "the new store would have no counts, locks, break-glass codes, bypasses, "
                    "remembered logins or log; to make it, add --force");
        return CTL_FAILED;
    }
    if (!ctl_leave_root(ctl) || !replace_store(ctl, NULL, NULL))
        return CTL_FAILED;
    ctl_changed(ctl, "store reset");
    (void)printf("The new one is empty: nobody is locked, and no break-glass code works.\n");
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

static enum ctl_status run_repair(struct ctl_context *ctl)
{
    if (!ctl_leave_root(ctl) || !store_repair(STORE_FOLDER, &ctl->problem))
        return CTL_FAILED;
    ctl_changed(ctl, "store repaired");
    (void)printf(STORE_FOLDER ": the files of the store are correct\n");
    return ctl_flush(ctl) ? CTL_DONE : CTL_FAILED;
}

/* ---- all of them ---- */

static const struct argp_option backup_options[] = {
    {.name = "force", .key = KEY_FORCE, .doc = "Replace FILE if it exists"},
    {0},
};

static const struct argp_option restore_options[] = {
    {.name = "replace", .key = KEY_REPLACE, .doc = "Replace the store by the backup"},
    {.name = "codes",
     .key = KEY_CODES,
     .doc = "Also restore break-glass codes, for users who have none"},
    {.name = "dry-run", .key = 'n', .doc = "Show what would be restored only"},
    {0},
};

static const struct argp_option reset_options[] = {
    {.name = "force", .key = KEY_FORCE, .doc = "Confirm that all counts, locks and codes are lost"},
    {0},
};

const struct command command_store_backup = {
    .name = "store backup",
    .arguments = "FILE",
    .summary = "Save the store",
    .text = "Saves the store to FILE, a new file that only root can read. Logins continue.",
    .min_args = 1,
    .max_args = 1,
    .options = backup_options,
    .option = option,
    .run = run_backup,
};

const struct command command_store_restore = {
    .name = "store restore",
    .arguments = "FILE",
    .summary = "Add a backup's failures, locks and logins to the store",
    .text =
        "Adds the sends, failures, locks and logins in FILE to the store, in one transaction. "
        "Bypasses and remembered logins are not restored. Use --replace for a store that cannot "
        "be used.",
    .min_args = 1,
    .max_args = 1,
    .options = restore_options,
    .option = option,
    .run = run_restore,
};

const struct command command_store_reset = {
    .name = "store reset",
    .arguments = "",
    .summary = "Replace a damaged store by an empty one",
    .text = "Moves the files of the store to a folder beside them and makes an empty store, "
            "whatever was wrong with the old one.",
    .options = reset_options,
    .option = option,
    .run = run_reset,
};

const struct command command_store_repair = {
    .name = "store repair",
    .arguments = "",
    .summary = "Correct the modes of the store's files",
    .text = "Corrects the modes of the store's files and its journal mode, and moves a rollback "
            "journal away. Changes nothing that the store holds.",
    .run = run_repair,
};
