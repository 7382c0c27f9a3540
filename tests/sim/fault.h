/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "answer.h"

#include <stdbool.h>

/* What a fault changes. One fault of each slot can be in force. */
enum fault_slot {
    FAULT_SEND,
    FAULT_VERIFY,
    FAULT_CLOSE,
    FAULT_SLOTS,
};

struct fault {
    const char *name;
    const char *summary;
    enum fault_slot slot;
    bool processed; /* the request is worked on as ever, only its answer suffers */
    enum answer_manner manner;
    unsigned status;
    const char *body; /* a template, see answer.h; NULL where processed or where none is sent */
    const char *header_name;
    const char *header_value;
};

/* All faults, ended by one without a name. */
extern const struct fault faults[];

/* The fault of that name, or NULL. */
const struct fault *fault_find(const char *name);

/* Writes the answer of a fault that is not processed. The words are those of answer.h. */
void fault_answer(const struct fault *fault, const struct answer_words *words,
                  struct answer *answer);

#endif
