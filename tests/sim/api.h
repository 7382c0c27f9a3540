/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_API_H
#define SIM_API_H

#include "answer.h"
#include "options.h"
#include "sink.h"

#include <stddef.h>

/* The accounts at the providers. Its functions may be called by many threads at once. */
struct api;

/* A request that was wholly received. A header that is not there is NULL. */
struct api_request {
    const char *method;
    const char *path;
    const char *authorization;
    const char *content_type;
    const char *body; /* not ended by NUL; never NULL */
    size_t body_size;
};

/* The options and the inbox are borrowed. */
struct api *api_new(const struct options *options, const struct sink *inbox);
void api_free(struct api *api);

/* Does what the request asks. The caller clears the answer, which must be all zero before. */
void api_answer(struct api *api, const struct api_request *request, struct answer *answer);

#endif
