#include "private.h"
#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_address(const char *host) {
    unsigned char room[16];
    return inet_pton(AF_INET, host, room) == 1 || inet_pton(AF_INET6, host, room) == 1;
}

static int set_host(SSL *ssl, const char *host, int checks_host) {
    int address = is_address(host);
    // Addresses are no names for SNI (RFC 6066, 3).
    if (!address && !SSL_set_tlsext_host_name(ssl, host)) return 0;
    if (!checks_host) return 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) : SSL_set1_host(ssl, host);
}

ctls_engine *ctls_engine_new(ctls_context *context, const char *host, int checks_host) {
    ERR_clear_error();
    ctls_engine *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->ssl = SSL_new((SSL_CTX *)context);
    BIO *bio = e->ssl ? ctls_bio_new(e) : NULL;
    if (!bio) {
        ctls_engine_free(e);
        return NULL;
    }
    SSL_set_bio(e->ssl, bio, bio);
    e->is_server = SSL_is_server(e->ssl);
    if (e->is_server)
        SSL_set_accept_state(e->ssl);
    else
        SSL_set_connect_state(e->ssl);
    if (host && !set_host(e->ssl, host, checks_host)) {
        ERR_clear_error();
        ctls_engine_free(e);
        return NULL;
    }
    return e;
}

void ctls_engine_free(ctls_engine *e) {
    SSL_free(e->ssl);
    free(e->input.bytes);
    free(e->output.bytes);
    free(e);
}

int ctls_engine_feed(ctls_engine *e, const void *bytes, size_t count) { return ctls_queue_add(&e->input, bytes, count); }

size_t ctls_engine_unread(const ctls_engine *e) { return e->input.count - e->input.start; }

const void *ctls_engine_output(const ctls_engine *e, size_t *count) {
    *count = e->output.count - e->output.start;
    return *count ? e->output.bytes + e->output.start : NULL;
}

void ctls_engine_drop(ctls_engine *e, size_t count) { ctls_queue_drop(&e->output, count); }

static int failed(ctls_engine *e) {
    e->has_failed = 1;
    long verdict = SSL_get_verify_result(e->ssl);
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK)
        snprintf(e->error, sizeof e->error, "the certificate is not good: %s", X509_verify_cert_error_string(verdict));
    else if (reason)
        snprintf(e->error, sizeof e->error, "%s", reason);
    else if (code)
        snprintf(e->error, sizeof e->error, "OpenSSL's error %lx", code);
    else
        snprintf(e->error, sizeof e->error, "the connection ended without a word");
    ERR_clear_error();
    return CTLS_FAILED;
}

static int outcome(ctls_engine *e, int result) {
    if (result > 0) return result;
    switch (SSL_get_error(e->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return CTLS_WANTS_INPUT;
    case SSL_ERROR_ZERO_RETURN: return CTLS_CLOSED;
    default: return failed(e);
    }
}

int ctls_engine_handshake(ctls_engine *e) {
    if (e->has_failed) return CTLS_FAILED;
    if (e->is_done) return 1;
    ERR_clear_error();
    int result = outcome(e, SSL_do_handshake(e->ssl));
    if (result == 1) e->is_done = 1;
    return result;
}

int ctls_engine_read(ctls_engine *e, void *bytes, size_t room) {
    if (e->has_failed) return CTLS_FAILED;
    if (!e->is_done || room == 0) return CTLS_WANTS_INPUT;
    ERR_clear_error();
    return outcome(e, SSL_read(e->ssl, bytes, room > INT_MAX ? INT_MAX : (int)room));
}

int ctls_engine_write(ctls_engine *e, const void *bytes, size_t count) {
    if (e->has_failed) return CTLS_FAILED;
    if (!e->is_done || e->says_farewell || count == 0) return CTLS_WANTS_INPUT;
    ERR_clear_error();
    return outcome(e, SSL_write(e->ssl, bytes, count > INT_MAX ? INT_MAX : (int)count));
}

void ctls_engine_shutdown(ctls_engine *e) {
    if (e->has_failed || !e->is_done || e->says_farewell) return;
    e->says_farewell = 1;
    ERR_clear_error();
    SSL_shutdown(e->ssl);
    ERR_clear_error();
}

const char *ctls_engine_error(const ctls_engine *e) { return e->error; }
