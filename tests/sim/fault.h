/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "answer.h"

#include <stdbool.h>

/* The APIs that faults are for. */
enum fault_api {
    FAULT_SIGNALWIRE,
    FAULT_BANDWIDTH,
    FAULT_APIS,
};

/* The part of an API that a fault changes. One fault of each slot can be in force for each API. */
enum fault_slot {
    FAULT_SEND,
    FAULT_VERIFY,
    FAULT_CLOSE,
    FAULT_SLOTS,
};

/* The answer of a fault in place of an API. */
struct fault_form {
    unsigned status;
    const char *body; /* a template, see answer.h; NULL where none is sent */
};

struct fault {
    const char *name;
    const char *summary;
    enum fault_slot slot;
    bool bandwidth_only;
    const char *channel; /* the sends that it is for; NULL: all */
    bool processed;      /* the request is worked on as ever, only its answer suffers; no forms */
    enum answer_manner manner;
    struct fault_form forms[FAULT_APIS];
    const char *header_name;
    const char *header_value;
};

/* All faults, ended by one without a name. */
extern const struct fault faults[];

/*
 * The fault that a text means, which is NAME or API:NAME, and which APIs it is for. NULL where
 * there is none.
 */
const struct fault *fault_find(const char *text, bool apis[FAULT_APIS]);

/* Writes the answer of a fault that is not processed. The words are those of answer.h. */
void fault_answer(const struct fault *fault, enum fault_api api, const struct answer_words *words,
                  struct answer *answer);

#endif
