/* SPDX-License-Identifier: BSD-3-Clause */
/* wire: see wire.h. Linked into both programs, so it needs nothing but libc. */
#include "wire/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int wire_send(int fd, enum wire_type type, void *message, size_t size)
{
    struct wire_head *head = message;
    head->version = WIRE_VERSION;
    head->type = (uint32_t)type;

    ssize_t sent = 0;
    do
        sent = send(fd, message, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? 0 : -1;
}

enum wire_result wire_receive(int fd, void *message, size_t size)
{
    ssize_t got = 0;
    do
        got = recv(fd, message, size, MSG_TRUNC); /* MSG_TRUNC: returns the packet's full length */
    while (got < 0 && errno == EINTR);

    if (got < 0)
        return errno == ECONNRESET ? WIRE_EOF : WIRE_ERROR;
    if (got == 0)
        return WIRE_EOF;
    const struct wire_head *head = message;
    if (got != (ssize_t)size || head->version != WIRE_VERSION)
        return WIRE_INVALID;
    return WIRE_OK;
}

bool wire_set_string(char *field, size_t size, const char *text)
{
    if (text == NULL)
        text = "";
    size_t length = strlen(text);
    memset(field, 0, size);
    if (length >= size)
        return false;
    memcpy(field, text, length);
    return true;
}

bool wire_terminated(const char *field, size_t size)
{
    return memchr(field, '\0', size) != NULL;
}
