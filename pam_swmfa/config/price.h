/* SPDX-License-Identifier: BSD-3-Clause */
/* price: exact amounts of money, in integers of a millionth. */
#ifndef SWMFA_PRICE_H
#define SWMFA_PRICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRICE_SIZE 32 /* bytes of one that is written */

struct price {
    bool given;
    int64_t millionths;
};

/* price_read: reads a decimal number such as 0.0079, from 0 to 999999.999999; false if it is none.
 */
bool price_read(const char *text, struct price *price);

/* price_write: writes one with two places at least, and no more than it needs. Returns to. */
const char *price_write(int64_t millionths, char to[PRICE_SIZE]);

#endif
