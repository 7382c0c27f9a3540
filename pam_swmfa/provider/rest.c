/* SPDX-License-Identifier: BSD-3-Clause */
/* rest: see rest.h. libcurl does HTTP and TLS; its multi interface lets us watch the host as well.
 */
#include <config.h>

#include "provider/rest.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libcurl has no timer for the end of its patience with one of several addresses: it must look. */
#define LOOK_AGAIN_MS 100

struct rest {
    CURL *easy;
    CURLM *multi;
    struct curl_slist *headers;
    char *base;
    int connect_timeout; /* seconds */
    int watch_fd;
    const char *body; /* of the current request: the rest to be sent */
    size_t body_left;
    size_t received; /* headers and body */
    bool failed;     /* the last transfer: its state in easy must not reach the next */
    struct rest_answer *answer;
    char error[CURL_ERROR_SIZE];
};

/* The first context of libssl looks all its algorithms up; those after it find them. */
bool rest_prepare(void)
{
    static bool ready;
    if (ready)
        return true;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return false;
    SSL_CTX_free(SSL_CTX_new(TLS_client_method()));
    ready = true;
    return true;
}

/* ---- what libcurl asks for and gives ---- */

static size_t give_body(char *buffer, size_t size, size_t count, void *user)
{
    struct rest *rest = user;
    size_t given = size * count < rest->body_left ? size * count : rest->body_left;
    memcpy(buffer, rest->body, given);
    rest->body += given;
    rest->body_left -= given;
    return given;
}

/* libcurl would repeat a request if a kept connection broke: a verify must not be repeated. */
static int refuse_to_rewind(void *user, curl_off_t offset, int origin)
{
    (void)user;
    (void)offset;
    (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

static size_t take_header(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    struct rest *rest = user;
    rest->received += size * count;
    return rest->received <= REST_ANSWER_MAX ? size * count : 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct rest *rest = user;
    rest->received += size * count;
    if (rest->received > REST_ANSWER_MAX)
        return 0;
    memcpy(rest->answer->body + rest->answer->length, data, size * count);
    rest->answer->length += size * count;
    return size * count;
}

/* ---- a client ---- */

static struct curl_slist *make_headers(void)
{
    static const char *const lines[] = {"Content-Type: application/json",
                                        "Accept: application/json", "Expect:"};
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct curl_slist *longer = curl_slist_append(list, lines[i]);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

#define SET(option, value) (curl_easy_setopt(rest->easy, (option), (value)) == CURLE_OK)

static bool set_transport(struct rest *rest, const struct rest_settings *settings)
{
    struct curl_blob ca = {.data = (void *)(uintptr_t)settings->ca_pem,
                           .len = settings->ca_pem != NULL ? strlen(settings->ca_pem) : 0,
                           .flags = CURL_BLOB_COPY};
    return SET(CURLOPT_PROTOCOLS_STR, "https") && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(CURLOPT_PROXY, "") && SET(CURLOPT_NOPROXY, "*") &&
           SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
           SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
           SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(CURLOPT_NOSIGNAL, 1L) &&
           SET(CURLOPT_QUICK_EXIT, 1L) &&
           (settings->ca_pem == NULL || (SET(CURLOPT_CAINFO_BLOB, &ca) &&
                                         SET(CURLOPT_CAINFO, NULL) && SET(CURLOPT_CAPATH, NULL)));
}

static bool set_request(struct rest *rest, const struct rest_settings *settings)
{
    return SET(CURLOPT_POST, 1L) && SET(CURLOPT_HTTPHEADER, rest->headers) &&
           SET(CURLOPT_USERAGENT, "pam_swmfa/" PACKAGE_VERSION) &&
           SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) && SET(CURLOPT_USERNAME, settings->user) &&
           SET(CURLOPT_PASSWORD, settings->password->text) &&
           SET(CURLOPT_ERRORBUFFER, rest->error) && SET(CURLOPT_READFUNCTION, give_body) &&
           SET(CURLOPT_READDATA, rest) && SET(CURLOPT_SEEKFUNCTION, refuse_to_rewind) &&
           SET(CURLOPT_HEADERFUNCTION, take_header) && SET(CURLOPT_HEADERDATA, rest) &&
           SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, rest);
}

struct rest *rest_new(const struct rest_settings *settings)
{
    if (!rest_prepare())
        return NULL;
    struct rest *rest = calloc(1, sizeof(*rest));
    if (rest == NULL)
        return NULL;
    rest->easy = curl_easy_init();
    rest->multi = curl_multi_init();
    rest->headers = make_headers();
    rest->base = strdup(settings->base);
    rest->connect_timeout = settings->connect_timeout;
    rest->watch_fd = settings->watch_fd;
    if (rest->easy == NULL || rest->multi == NULL || rest->headers == NULL || rest->base == NULL ||
        !set_transport(rest, settings) || !set_request(rest, settings) ||
        (settings->report && !SET(CURLOPT_CERTINFO, 1L))) {
        rest_free(rest);
        return NULL;
    }
    return rest;
}

void rest_free(struct rest *rest)
{
    if (rest == NULL)
        return;
    curl_easy_cleanup(rest->easy);
    curl_multi_cleanup(rest->multi);
    curl_slist_free_all(rest->headers);
    free(rest->base);
    free(rest);
}

/* ---- a request ---- */

/* Drives the transfer to its end. Returns false when the host is gone before that. */
static bool drive(struct rest *rest, CURLMcode *result)
{
    int running = 1;
    for (;;) {
        *result = curl_multi_perform(rest->multi, &running);
        if (*result != CURLM_OK || running == 0)
            return true;
        struct curl_waitfd host = {.fd = rest->watch_fd, .events = CURL_WAIT_POLLIN};
        *result =
            curl_multi_poll(rest->multi, &host, rest->watch_fd >= 0 ? 1 : 0, LOOK_AGAIN_MS, NULL);
        if (*result != CURLM_OK)
            return true;
        if (host.revents != 0)
            return false;
    }
}

static bool set_times(struct rest *rest, int milliseconds)
{
    long connect = (long)rest->connect_timeout * 1000;
    return SET(CURLOPT_TIMEOUT_MS, (long)milliseconds) &&
           SET(CURLOPT_CONNECTTIMEOUT_MS, connect < milliseconds ? connect : milliseconds);
}

static CURLcode transfer_result(struct rest *rest)
{
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(rest->multi, &left);
    return message != NULL && message->msg == CURLMSG_DONE ? message->data.result
                                                           : CURLE_FAILED_INIT;
}

static bool want_of_resources(const struct rest *rest)
{
    long error = 0;
    (void)curl_easy_getinfo(rest->easy, CURLINFO_OS_ERRNO, &error);
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
           error == EAGAIN;
}

/* True if the transfer was interrupted, and did not end with a senseless answer. */
static bool broke_off(CURLcode code)
{
    static const CURLcode codes[] = {
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,  CURLE_OPERATION_TIMEDOUT,
        CURLE_SEND_ERROR,           CURLE_RECV_ERROR,       CURLE_GOT_NOTHING,
        CURLE_PARTIAL_FILE,         CURLE_SEND_FAIL_REWIND, /* a kept connection broke */
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i] == code)
            return true;
    return false;
}

static long status_of(const struct rest *rest)
{
    long status = 0;
    (void)curl_easy_getinfo(rest->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/*
 * True if the request used a connection that an earlier one had opened. If that breaks, the
 * provider, or something between, may just have closed it while it was idle: the user decides when
 * to answer. So it does not show whether the provider is reachable.
 */
static bool on_kept_connection(const struct rest *rest, CURLcode code)
{
    long opened = 0;
    return code == CURLE_SEND_FAIL_REWIND || /* libcurl wanted to send it again on another one */
           (rest->body_left == 0 &&
            curl_easy_getinfo(rest->easy, CURLINFO_NUM_CONNECTS, &opened) == CURLE_OK &&
            opened == 0);
}

/*
 * True if it failed inside TLS, as by an alert or a record that was tampered with: libcrypto writes
 * its errors in this form, and no host name has a colon. An end without an alert is the network's
 * fault.
 */
static bool inside_tls(const struct rest *rest)
{
    const char *error = strstr(rest->error, "error:");
    return error != NULL && strstr(error, "unexpected eof") == NULL;
}

/* Interprets an interrupted transfer: it depends on how much of the answer had arrived. */
static enum outcome by_what_had_come(const struct rest *rest, CURLcode code)
{
    long status = status_of(rest);
    if (status >= 500 && status <= 599)
        return OUTCOME_SERVER;
    if (status != 0)
        return OUTCOME_BAD_ANSWER;
    if (inside_tls(rest))
        return OUTCOME_TLS;
    return on_kept_connection(rest, code) ? OUTCOME_STALE : OUTCOME_NETWORK;
}

static enum outcome classify(const struct rest *rest, CURLcode code)
{
    if (broke_off(code))
        return by_what_had_come(rest, code);
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
        return OUTCOME_TLS;
    case CURLE_OUT_OF_MEMORY: /* libcurl says so, too, of a header that is longer than it takes */
        return rest->body_left == 0 ? OUTCOME_BAD_ANSWER : OUTCOME_MEMORY;
    case CURLE_FAILED_INIT:
        return OUTCOME_MEMORY;
    default: /* never the network by default: fail = safe would let it pass */
        return OUTCOME_BAD_ANSWER;
    }
}

/*
 * True if the provider may have acted although no answer says so: the request was sent completely,
 * and the part of the answer that arrived, if any, was no refusal.
 */
static bool may_be_done(const struct rest *rest, CURLcode code, enum outcome outcome)
{
    return broke_off(code) && rest->body_left == 0 && status_of(rest) < 300 &&
           outcome != OUTCOME_TLS;
}

static enum outcome explain(const struct rest *rest, CURLcode code, struct problem *problem)
{
    rest->answer->gone_out = rest->body_left == 0;
    rest->answer->status = status_of(rest);
    if (rest->received > REST_ANSWER_MAX) {
        problem_set(problem, "the answer is longer than %zu bytes", REST_ANSWER_MAX);
        return OUTCOME_BAD_ANSWER;
    }
    size_t host = strlen("https://");
    host += strcspn(rest->base + host, "/"); /* the account's name follows */
    problem_set(problem, "%.*s: %s", (int)host, rest->base,
                code == CURLE_SEND_FAIL_REWIND ? "closed the kept connection"
                : *rest->error != '\0'         ? rest->error
                                               : curl_easy_strerror(code));
    if (want_of_resources(rest))
        return OUTCOME_MEMORY; /* an error of this machine, which says nothing about the provider */
    enum outcome outcome = classify(rest, code);
    rest->answer->unsettled = may_be_done(rest, code, outcome);
    return outcome;
}

/*
 * After a transfer that failed, the next one gets a handle of its own. Since 8.7 libcurl keeps in
 * the handle that a request could not be rewound, and refuses every later one; not even
 * curl_easy_reset clears that in all versions. Connections, addresses and TLS sessions stay: they
 * are the multi handle's.
 */
static bool renew(struct rest *rest)
{
    if (!rest->failed)
        return true;
    CURL *easy = curl_easy_duphandle(rest->easy);
    if (easy == NULL)
        return false;
    curl_easy_cleanup(rest->easy);
    rest->easy = easy;
    rest->failed = false;
    return true;
}

enum outcome rest_post(struct rest *rest, const char *path, const char *body, int milliseconds,
                       struct rest_answer *answer, struct problem *problem)
{
    char url[2048];
    int length = snprintf(url, sizeof(url), "%s%s", rest->base, path);
    answer->status = 0;
    answer->length = 0;
    answer->unsettled = false;
    answer->gone_out = false;
    rest->answer = answer;
    rest->body = body;
    rest->body_left = strlen(body);
    rest->received = 0;
    *rest->error = '\0';
    if (length < 0 || (size_t)length >= sizeof(url) || !renew(rest) || !SET(CURLOPT_URL, url) ||
        !set_times(rest, milliseconds) ||
        !SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rest->body_left) ||
        curl_multi_add_handle(rest->multi, rest->easy) != CURLM_OK) {
        problem_set(problem, "the request cannot be prepared");
        return OUTCOME_MEMORY;
    }
    CURLMcode driven = CURLM_OK;
    bool waited_for = drive(rest, &driven);
    CURLcode code = driven == CURLM_OK ? transfer_result(rest) : CURLE_OUT_OF_MEMORY;
    curl_multi_remove_handle(rest->multi, rest->easy);
    rest->failed = !waited_for || code != CURLE_OK;
    if (!waited_for) {
        problem_set(problem, "the application ended");
        answer->gone_out = rest->body_left == 0;
        return OUTCOME_ABANDONED;
    }
    if (code != CURLE_OK)
        return explain(rest, code, problem);
    answer->body[answer->length] = '\0';
    curl_easy_getinfo(rest->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    return OUTCOME_OK;
}

/* ---- what is known of it afterwards ---- */

static int64_t time_of(const struct rest *rest, CURLINFO what)
{
    curl_off_t microseconds = 0;
    (void)curl_easy_getinfo(rest->easy, what, &microseconds);
    return microseconds;
}

/* The first certificate of the chain is the peer's own. */
static time_t end_of_certificate(const struct rest *rest)
{
    static const char label[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(rest->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
        chain->num_of_certs < 1)
        return 0;
    for (const struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next)
        if (strncmp(line->data, label, sizeof(label) - 1) == 0) {
            time_t end = curl_getdate(line->data + sizeof(label) - 1, NULL);
            return end > 0 ? end : 0;
        }
    return 0;
}

void rest_report(const struct rest *rest, struct rest_report *report)
{
    *report = (struct rest_report){.resolved = time_of(rest, CURLINFO_NAMELOOKUP_TIME_T),
                                   .connected = time_of(rest, CURLINFO_CONNECT_TIME_T),
                                   .secured = time_of(rest, CURLINFO_APPCONNECT_TIME_T),
                                   .ended = time_of(rest, CURLINFO_TOTAL_TIME_T),
                                   .valid_until = end_of_certificate(rest)};
}
