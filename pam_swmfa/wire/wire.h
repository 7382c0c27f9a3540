/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wire: the messages between pam_swmfa.so and swmfa-auth.
 *
 * One SOCK_SEQPACKET socket; each message is one packet of a fixed size; both ends are built from
 * this file. WIRE_VERSION is raised with every change of a structure or of a meaning, so that a
 * module and a helper of different builds refuse each other instead of guessing.
 *
 * swmfactl test speaks for the module.
 *
 *   module -> helper   struct wire_request, once; struct wire_reply, one for each PROMPT
 *   helper -> module   struct wire_message: any number of PROMPT, INTRO, INFO and ALERT, then one
 * DONE, then EOF
 *
 * INTRO is what the next PROMPT is about, for an application that replaces the text of prompts. It
 * is part of the question, and so shown even if the application asked for silence.
 */
#ifndef SWMFA_WIRE_H
#define SWMFA_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WIRE_VERSION 0x53574d04U /* "SWM" and the number of the version */

enum wire_type {
    WIRE_REQUEST = 1,
    WIRE_PROMPT,
    WIRE_REPLY,
    WIRE_INFO,
    WIRE_ALERT,
    WIRE_DONE,
    WIRE_INTRO,
};

/* Every message begins with it. */
struct wire_head {
    uint32_t version;
    uint32_t type;
};

#define WIRE_USER_SIZE    512
#define WIRE_SERVICE_SIZE 256
#define WIRE_RHOST_SIZE   1088 /* NI_MAXHOST and some */
#define WIRE_TTY_SIZE     256
#define WIRE_CONF_SIZE    4096
#define WIRE_TEXT_SIZE    512
#define WIRE_REPLY_SIZE   256
#define WIRE_KEYS_SIZE    8192

#define WIRE_FLAG_DEBUG   0x1U /* module option debug */
#define WIRE_FLAG_USE_UID 0x2U /* module option use_uid */

struct wire_request {
    struct wire_head head;
    uint32_t caller_uid; /* the real uid of the PAM application */
    int32_t session;     /* its session, getsid(2); 0: outside of its pid namespace */
    uint32_t flags;      /* WIRE_FLAG_... */
    int32_t pam_flags;   /* the flags of pam_authenticate */
    uint32_t channel;    /* for swmfactl test: the only channel for codes, 1 + enum channel; the
                            module: 0 */
    char user[WIRE_USER_SIZE];
    char service[WIRE_SERVICE_SIZE];
    char rhost[WIRE_RHOST_SIZE];
    char tty[WIRE_TTY_SIZE];
    char ruser[WIRE_USER_SIZE];
    char conf[WIRE_CONF_SIZE]; /* module option conf=, or "" for the built-in path */
    char keys[WIRE_KEYS_SIZE]; /* SSH_AUTH_INFO_0 of the PAM environment, or "" */
};

enum wire_reply_status {
    WIRE_REPLY_TEXT = 1, /* the user answered: see text */
    WIRE_REPLY_NOTHING,  /* the conversation gave back no answer at all */
    WIRE_REPLY_TOO_LONG, /* an answer that does not fit into text */
    WIRE_REPLY_FAILED,   /* the conversation failed */
};

struct wire_reply {
    struct wire_head head;
    uint32_t status; /* enum wire_reply_status */
    char text[WIRE_REPLY_SIZE];
};

/* Every message from the helper; fields that a type does not use are zero. */
struct wire_message {
    struct wire_head head;
    uint32_t echo;             /* PROMPT: 1 if the input may be shown */
    int32_t code;              /* DONE: the PAM code */
    char text[WIRE_TEXT_SIZE]; /* all types but DONE: printable ASCII and newlines */
};

/*
 * wire_send: sends one message.
 * message: any of the structures above, its head filled in here from type; size: its sizeof.
 * Returns 0, or -1 with errno set (EPIPE: the other end is gone). Never raises SIGPIPE.
 */
int wire_send(int fd, enum wire_type type, void *message, size_t size);

enum wire_result {
    WIRE_OK,
    WIRE_EOF,     /* the other end is gone */
    WIRE_INVALID, /* the packet is no such message: too short, too long, another version */
    WIRE_ERROR,   /* see errno */
};

/*
 * wire_receive: receives one message of exactly that size.
 * Checks size and version; the caller checks the type and each field that it uses.
 * Blocks if the socket does and nothing is there.
 */
enum wire_result wire_receive(int fd, void *message, size_t size);

/*
 * wire_set_string: copies text, which may be NULL for "", into a field of that size.
 * Returns false, with the field empty, if it does not fit.
 */
bool wire_set_string(char *field, size_t size, const char *text);

/* wire_terminated: returns whether a received text field ends inside the field. */
bool wire_terminated(const char *field, size_t size);

#endif
