/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_CERTIFICATE_H
#define SIM_CERTIFICATE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

/* A kind of server certificate: a row of the table that --certificate chooses from. */
struct certificate_kind;

/* The kind of that name, or NULL. */
const struct certificate_kind *certificate_kind_find(const char *name);

/* All as PEM text that ends with NUL. */
struct certificates {
    gnutls_datum_t authority;
    gnutls_datum_t server;
    gnutls_datum_t server_key;
};

/*
 * Makes a certificate authority, and a server certificate of that kind. 0, or an error of GnuTLS.
 * In both cases the caller ends with certificates_clear.
 */
int certificates_make(const struct certificate_kind *kind, struct certificates *certificates);

void certificates_clear(struct certificates *certificates);

/* Writes the certificate of the authority. False, said on standard error, where it cannot. */
bool certificates_write_authority(const struct certificates *certificates, const char *path);

#endif
