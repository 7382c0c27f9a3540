/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * signalwire: SignalWire's MFA API, by its documents "Request MFA token via text message", "via
 * call" and "Verify a token" of the REST API.
 */
#ifndef SWMFA_SIGNALWIRE_H
#define SWMFA_SIGNALWIRE_H

#include "base/problem.h"
#include "config/config.h"
#include "provider/outcome.h"
#include "provider/rest.h"

#define SIGNALWIRE_ID_SIZE 37 /* a UUID and a NUL */

/*
 * signalwire_new: the REST client for the account in config.
 * watch_fd: see rest.h. Returns NULL without memory; otherwise the caller owes rest_free.
 */
struct rest *signalwire_new(const struct config *config, int watch_fd);

/*
 * signalwire_send: has a code sent to a number, E.164, by a channel.
 * OUTCOME_OK: queued, and id is the request's, to verify the code with. Otherwise the problem says
 * why; a code may be on its way all the same after OUTCOME_NETWORK, _SERVER and _BAD_ANSWER.
 */
enum outcome signalwire_send(struct rest *rest, const struct signalwire_config *config,
                             const char *number, enum channel channel, char *id,
                             struct problem *problem);

/*
 * signalwire_verify: whether a code is the one sent with that request: OUTCOME_OK, _WRONG, _GONE;
 * anything else, with the problem, is no answer to that question.
 */
enum outcome signalwire_verify(struct rest *rest, const char *id, const char *code,
                               struct problem *problem);

/* What an answer to a send means; to and channel are what was asked for. */
enum outcome signalwire_sent(const struct rest_answer *answer, const char *to, enum channel channel,
                             char *id, struct problem *problem);

/* What an answer to a verify means. */
enum outcome signalwire_verified(const struct rest_answer *answer, struct problem *problem);

#endif
