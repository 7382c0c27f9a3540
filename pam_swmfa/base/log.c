/* SPDX-License-Identifier: BSD-3-Clause */
/* log: see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define LINE_SIZE 2048 /* syslog daemons keep that much, see RFC 5424, 6.1 */

static char service_name[64];
static bool debug_wanted;

const char *log_escape(char *to, size_t size, const char *text, const char *also)
{
    size_t used = 0;
    size_t room_for_dots = 0; /* the last place from which "..." and the end still fit */
    to[0] = '\0';
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool plain = byte >= ' ' && byte <= '~' && byte != '\\' && strchr(also, byte) == NULL;
        if (used + sizeof("...") <= size)
            room_for_dots = used;
        bool quote = byte == '"' && !plain;
        if (used + (plain ? 1 : quote ? 2 : 4) >= size) {
            memcpy(to + room_for_dots, "...", sizeof("..."));
            break;
        }
        int more = plain || quote
                       ? snprintf(to + used, size - used, "%s%c", quote ? "\\" : "", byte)
                       : snprintf(to + used, size - used, "\\%03o", byte);
        used += (size_t)more;
    }
    return to;
}

void log_open(const char *service, bool debug)
{
    (void)log_escape(service_name, sizeof(service_name), service, " ()");
    debug_wanted = debug;
    openlog("swmfa-auth", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
}

static void emit(int priority, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void emit(int priority, const char *format, va_list arguments)
{
    char line[LINE_SIZE];
    int length = vsnprintf(line, sizeof(line), format, arguments);
    if (length >= LINE_SIZE)
        memcpy(line + sizeof(line) - sizeof("..."), "...", sizeof("..."));
    for (char *at = line; *at != '\0'; at++) /* bytes that callers did not escape */
        if (*at < ' ' || *at > '~')
            *at = '?';
    syslog(priority, "pam_swmfa(%s:auth): %s", service_name, line);
}

void log_line(int priority, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    emit(priority, format, arguments);
    va_end(arguments);
}

void log_debug(const char *format, ...)
{
    if (!debug_wanted)
        return;
    va_list arguments;
    va_start(arguments, format);
    emit(LOG_DEBUG, format, arguments);
    va_end(arguments);
}
