/* SPDX-License-Identifier: BSD-3-Clause */
/* prefetch: see prefetch.h. */
#include <config.h>

#include "auth/prefetch.h"

#include "auth/decoy.h"
#include "provider/rest.h"

#include <errno.h>
#include <stddef.h>

#define STACK_SIZE ((size_t)512 * 1024) /* bytes */

static bool make_digest(struct prefetch *prefetch)
{
    return prefetch->key == NULL ? digest_of(prefetch->text, prefetch->digest)
                                 : decoy_digits(prefetch->key, prefetch->text, prefetch->digits) &&
                                       digest_of(prefetch->digits, prefetch->digest);
}

static void *make_ready(void *user)
{
    struct prefetch *prefetch = user;
    prefetch->good = make_digest(prefetch);
    (void)sem_post(&prefetch->has_digest);
    (void)rest_prepare();
    return NULL;
}

void prefetch_begin(struct prefetch *prefetch, const struct secret *key, const char *text)
{
    pthread_attr_t attributes;
    *prefetch = (struct prefetch){.key = key, .text = text};
    if (sem_init(&prefetch->has_digest, 0, 0) != 0 || pthread_attr_init(&attributes) != 0)
        return;
    prefetch->running = pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0 &&
                        pthread_create(&prefetch->thread, &attributes, make_ready, prefetch) == 0;
    (void)pthread_attr_destroy(&attributes);
}

const char *prefetch_digest(struct prefetch *prefetch)
{
    if (!prefetch->digested && prefetch->running)
        while (sem_wait(&prefetch->has_digest) != 0 && errno == EINTR)
            continue;
    else if (!prefetch->digested)
        prefetch->good = make_digest(prefetch);
    prefetch->digested = true;
    return prefetch->good ? prefetch->digest : NULL;
}

void prefetch_wait(struct prefetch *prefetch)
{
    if (prefetch->running)
        (void)pthread_join(prefetch->thread, NULL);
    prefetch->running = false;
}
