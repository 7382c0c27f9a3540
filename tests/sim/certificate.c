/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAME
 *     certificate - the certificates of one run
 *
 * SYNOPSIS
 *     const struct certificate_kind *certificate_kind_find(const char *name);
 *     int certificates_make(kind, certificates);
 *     void certificates_clear(certificates);
 *     bool certificates_write_authority(certificates, path);
 *
 * DESCRIPTION
 *     Every run has a certificate authority of its own and a server certificate, with keys on the
 *     curve P-256. The key of the authority is forgotten as soon as it has signed. What the server
 *     certificate is good or bad for is a row of a table: whom it names, who signed it, and when
 *     its time is.
 *
 * DIAGNOSTICS
 *     Errors of GnuTLS go to the caller. A file that cannot be written is named on standard error.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "certificate.h"

#include "trouble.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    X509_VERSION = 3,
    KEY_ID_SIZE = 32,
    SERIAL_SIZE = 16,
    HOUR = 3600,
    DAY = 24 * HOUR,
};

struct certificate_kind {
    const char *name;
    const char *host;
    const char *address; /* NULL: none */
    bool self_signed;
    int starts; /* seconds from now */
    int ends;
};

static const struct certificate_kind authority_kind = {
    "authority", "swmfa-sim test authority", NULL, true, -30 * DAY, 365 * DAY,
};

static const struct certificate_kind server_kinds[] = {
    {"good", "localhost", "127.0.0.1", false, -29 * DAY, 365 * DAY},
    {"expired", "localhost", "127.0.0.1", false, -8 * DAY, -DAY},
    {"self-signed", "localhost", "127.0.0.1", true, -HOUR, 365 * DAY},
    {"other-host", "example.net", NULL, false, -HOUR, 365 * DAY},
};

/* A certificate and its key. */
struct identity {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
};

const struct certificate_kind *certificate_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof(server_kinds) / sizeof(server_kinds[0]); i++) {
        if (strcmp(server_kinds[i].name, name) == 0) {
            return &server_kinds[i];
        }
    }
    return NULL;
}

static void identity_clear(struct identity *identity)
{
    gnutls_x509_crt_deinit(identity->certificate);
    gnutls_x509_privkey_deinit(identity->key);
    *identity = (struct identity){0};
}

static int make_key(struct identity *identity)
{
    unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    int rc = gnutls_x509_privkey_init(&identity->key);

    if (rc < 0) {
        return rc;
    }
    return gnutls_x509_privkey_generate(identity->key, GNUTLS_PK_ECDSA, bits, 0);
}

static int set_serial(gnutls_x509_crt_t certificate)
{
    unsigned char serial[SERIAL_SIZE];
    int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

    if (rc < 0) {
        return rc;
    }
    serial[0] = (unsigned char)((serial[0] & 0x3fU) | 0x40U); /* positive, and of full length */
    return gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial));
}

/* The parts of every certificate: version, serial number, subject, time and key. */
static int set_basics(struct identity *identity, const struct certificate_kind *kind)
{
    gnutls_x509_crt_t certificate = identity->certificate;
    time_t now = time(NULL);
    int rc = gnutls_x509_crt_set_version(certificate, X509_VERSION);

    if (rc < 0 || (rc = set_serial(certificate)) < 0 ||
        (rc = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, kind->host,
                                            (unsigned)strlen(kind->host))) < 0 ||
        (rc = gnutls_x509_crt_set_activation_time(certificate, now + kind->starts)) < 0 ||
        (rc = gnutls_x509_crt_set_expiration_time(certificate, now + kind->ends)) < 0) {
        return rc;
    }
    return gnutls_x509_crt_set_key(certificate, identity->key);
}

/* The ids of the keys, which tell the certificates of one subject apart. */
static int set_key_ids(struct identity *identity, const struct identity *issuer)
{
    unsigned char id[KEY_ID_SIZE];
    size_t size = sizeof(id);
    int rc = gnutls_x509_crt_get_key_id(identity->certificate, 0, id, &size);

    if (rc < 0 || (rc = gnutls_x509_crt_set_subject_key_id(identity->certificate, id, size)) < 0) {
        return rc;
    }
    size = sizeof(id);
    if ((rc = gnutls_x509_crt_get_key_id(issuer->certificate, 0, id, &size)) < 0) {
        return rc;
    }
    return gnutls_x509_crt_set_authority_key_id(identity->certificate, id, size);
}

static int set_authority_uses(gnutls_x509_crt_t certificate)
{
    int rc = gnutls_x509_crt_set_basic_constraints(certificate, 1, 0);

    if (rc < 0) {
        return rc;
    }
    return gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_KEY_CERT_SIGN);
}

static int set_server_names(gnutls_x509_crt_t certificate, const struct certificate_kind *kind)
{
    struct in_addr address;
    int rc = gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, kind->host,
                                                  (unsigned)strlen(kind->host), GNUTLS_FSAN_SET);

    if (rc < 0 || kind->address == NULL) {
        return rc;
    }
    if (inet_pton(AF_INET, kind->address, &address) != 1) {
        return GNUTLS_E_INVALID_REQUEST;
    }
    return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, &address,
                                                sizeof(address), GNUTLS_FSAN_APPEND);
}

static int set_server_uses(gnutls_x509_crt_t certificate, const struct certificate_kind *kind)
{
    int rc = gnutls_x509_crt_set_basic_constraints(certificate, 0, -1);

    if (rc < 0 ||
        (rc = gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE)) < 0 ||
        (rc = gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0)) < 0) {
        return rc;
    }
    return set_server_names(certificate, kind);
}

/* Makes a key and a certificate for it. Without an authority the certificate is one itself. */
static int make_identity(struct identity *identity, const struct certificate_kind *kind,
                         const struct identity *authority)
{
    const struct identity *issuer = kind->self_signed ? identity : authority;
    gnutls_x509_crt_t *certificate = &identity->certificate;
    int rc = gnutls_x509_crt_init(certificate);

    if (rc < 0 || (rc = make_key(identity)) < 0 || (rc = set_basics(identity, kind)) < 0 ||
        (rc = set_key_ids(identity, issuer)) < 0) {
        return rc;
    }
    rc = authority == NULL ? set_authority_uses(*certificate) : set_server_uses(*certificate, kind);
    if (rc < 0) {
        return rc;
    }
    return gnutls_x509_crt_sign2(*certificate, issuer->certificate, issuer->key, GNUTLS_DIG_SHA256,
                                 0);
}

int certificates_make(const struct certificate_kind *kind, struct certificates *certificates)
{
    struct identity authority = {0};
    struct identity server = {0};
    int rc = make_identity(&authority, &authority_kind, NULL);

    *certificates = (struct certificates){0};
    if (rc < 0 || (rc = make_identity(&server, kind, &authority)) < 0 ||
        (rc = gnutls_x509_crt_export2(authority.certificate, GNUTLS_X509_FMT_PEM,
                                      &certificates->authority)) < 0 ||
        (rc = gnutls_x509_crt_export2(server.certificate, GNUTLS_X509_FMT_PEM,
                                      &certificates->server)) < 0 ||
        (rc = gnutls_x509_privkey_export2(server.key, GNUTLS_X509_FMT_PEM,
                                          &certificates->server_key)) < 0) {
        goto out;
    }
    rc = 0;
out:
    identity_clear(&server);
    identity_clear(&authority);
    return rc;
}

void certificates_clear(struct certificates *certificates)
{
    gnutls_datum_t *key = &certificates->server_key;

    if (key->data != NULL) {
        gnutls_memset(key->data, 0, key->size);
    }
    gnutls_free(key->data);
    gnutls_free(certificates->server.data);
    gnutls_free(certificates->authority.data);
    *certificates = (struct certificates){0};
}

bool certificates_write_authority(const struct certificates *certificates, const char *path)
{
    FILE *file = fopen(path, "we");
    bool written = false;

    if (file != NULL) {
        const gnutls_datum_t *authority = &certificates->authority;
        written = fwrite(authority->data, 1, authority->size, file) == authority->size;
        written = fclose(file) == 0 && written;
    }
    if (!written) {
        complain("%s: %s", path, strerror(errno));
    }
    return written;
}
