/* SPDX-License-Identifier: BSD-3-Clause */
/* finding_print: shows findings to the administrator. */
#ifndef SWMFA_FINDING_PRINT_H
#define SWMFA_FINDING_PRINT_H

#include "base/finding.h"
#include "ctl/command.h"

/*
 * findings_print: prints them, the worst first and otherwise in their order, as text or with
 * ctl->json as an array of {"severity", "id", "where", "text", "fix"} under the name "findings" of
 * document, which may have members already and is put here (NULL: a new one).
 * Returns the exit status: by the worst of them, or CTL_FAILED with the problem.
 */
enum ctl_status findings_print(const struct findings *findings, struct ctl_context *ctl,
                               json_object *document);

#endif
