/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * baseline: the least that a login over libcurl can cost, to compare a real login with.
 *
 * SYNOPSIS
 *   baseline ENDPOINT PROJECT_ID API_TOKEN CA_FILE NUMBER INBOX
 *
 * DESCRIPTION
 *   Sends a code and verifies it: the same two requests on one connection, and nothing else. It
 *   checks no more than that the second answer says success. Exit status 0 if it does.
 */
#include "../module/inbox.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

struct text {
    char bytes[4096];
    size_t length;
};

static size_t keep(char *data, size_t size, size_t count, void *user)
{
    struct text *text = user;
    size_t length = size * count;
    if (text->length + length >= sizeof(text->bytes))
        return 0;
    memcpy(text->bytes + text->length, data, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return length;
}

static int post(CURL *curl, const char *url, const char *body, struct text *answer)
{
    answer->length = 0;
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    return curl_easy_perform(curl) == CURLE_OK;
}

int main(int argc, char **argv)
{
    char url[512];
    char body[512];
    char code[64];
    char id[64];
    struct text answer = {0};
    if (argc != 7 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return 2;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (curl == NULL || headers == NULL)
        return 2;
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, argv[4]);
    (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    (void)curl_easy_setopt(curl, CURLOPT_USERNAME, argv[2]);
    (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, argv[3]);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);

    (void)snprintf(url, sizeof(url), "%s/api/relay/rest/mfa/sms", argv[1]);
    (void)snprintf(body, sizeof(body), "{\"to\":\"%s\",\"valid_for\":300}", argv[5]);
    int good = post(curl, url, body, &answer);
    const char *found = good ? strstr(answer.bytes, "\"id\":") : NULL;
    found = found != NULL ? strchr(found + 5, '"') : NULL;
    good = found != NULL && sscanf(found, "\"%36[0-9a-f-]", id) == 1 &&
           inbox_code(argv[6], argv[5], false, code, sizeof(code));
    if (good) {
        (void)snprintf(url, sizeof(url), "%s/api/relay/rest/mfa/%s/verify", argv[1], id);
        (void)snprintf(body, sizeof(body), "{\"token\":\"%s\"}", code);
        good = post(curl, url, body, &answer) && strstr(answer.bytes, "true") != NULL;
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return good ? 0 : 1;
}
