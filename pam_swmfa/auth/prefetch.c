/* SPDX-License-Identifier: BSD-3-Clause */
/* ahead: see ahead.h. */
#include <config.h>

#include "auth/prefetch.h"

#include "auth/decoy.h"
#include "provider/rest.h"

#include <errno.h>
#include <stddef.h>

#define STACK_SIZE ((size_t)512 * 1024) /* bytes */

static bool make_digest(struct ahead *ahead)
{
    return ahead->key == NULL ? digest_of(ahead->text, ahead->digest)
                              : decoy_digits(ahead->key, ahead->text, ahead->digits) &&
                                    digest_of(ahead->digits, ahead->digest);
}

static void *make_ready(void *user)
{
    struct ahead *ahead = user;
    ahead->good = make_digest(ahead);
    (void)sem_post(&ahead->has_digest);
    (void)rest_prepare();
    return NULL;
}

void ahead_begin(struct ahead *ahead, const struct secret *key, const char *text)
{
    pthread_attr_t attributes;
    *ahead = (struct ahead){.key = key, .text = text};
    if (sem_init(&ahead->has_digest, 0, 0) != 0 || pthread_attr_init(&attributes) != 0)
        return;
    ahead->running = pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0 &&
                     pthread_create(&ahead->thread, &attributes, make_ready, ahead) == 0;
    (void)pthread_attr_destroy(&attributes);
}

const char *ahead_digest(struct ahead *ahead)
{
    if (!ahead->digested && ahead->running)
        while (sem_wait(&ahead->has_digest) != 0 && errno == EINTR)
            continue;
    else if (!ahead->digested)
        ahead->good = make_digest(ahead);
    ahead->digested = true;
    return ahead->good ? ahead->digest : NULL;
}

void ahead_wait(struct ahead *ahead)
{
    if (ahead->running)
        (void)pthread_join(ahead->thread, NULL);
    ahead->running = false;
}
