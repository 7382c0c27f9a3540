/* SPDX-License-Identifier: BSD-3-Clause */
/* finding_print: shows findings to the administrator. */
#ifndef SWMFA_FINDING_PRINT_H
#define SWMFA_FINDING_PRINT_H

#include "base/finding.h"
#include "ctl/command.h"

/*
 * findings_print: prints them, errors first and otherwise in their order: as text, or with
 * ctl->json as an array of {"severity", "id", "where", "text", "fix"} named "findings" in document,
 * which may have members already and is freed here (NULL: a new one). Returns the exit status: that
 * of the most severe one, or CTL_FAILED with the problem.
 */
enum ctl_status findings_print(const struct findings *findings, struct ctl_context *ctl,
                               json_object *document);

#endif
